#include "formats/old_keras/old_options.h"

#include <array>
#include <cmath>
#include <iostream>
#include <string_view>

#include <fmt/format.h>

namespace chronicler {
namespace {

struct Renamed {
  std::string_view before;
  std::string_view now;
};

// Classes that are others today and compute the same.
constexpr std::array classes{
    Renamed{"Convolution1D", "Conv1D"},
    Renamed{"AtrousConvolution1D", "Conv1D"},
    Renamed{"AtrousConv1D", "Conv1D"},
    Renamed{"TimeDistributedDense", "Dense"},
    Renamed{"SeparableConvolution1D", "SeparableConv1D"},
    Renamed{"BatchNormalizationV1", "BatchNormalization"},
    Renamed{"BatchNormalizationV2", "BatchNormalization"},
    Renamed{"SyncBatchNormalization", "BatchNormalization"},
    Renamed{"CuDNNLSTM", "LSTM"},
    Renamed{"CuDNNGRU", "GRU"},
    Renamed{"LSTMV2", "LSTM"},
    Renamed{"GRUV2", "GRU"},
    Renamed{"ThresholdedReLU", "ReLU"},
    Renamed{"GlobalAvgPool1D", "GlobalAveragePooling1D"},
    Renamed{"GlobalMaxPool1D", "GlobalMaxPooling1D"},
    Renamed{"AvgPool1D", "AveragePooling1D"},
    Renamed{"MaxPool1D", "MaxPooling1D"},
};

struct RenamedOption {
  std::string_view layer;  // the class of today; empty: any
  std::string_view before;
  std::string_view now;
};

// The first that fits counts.
constexpr std::array options{
    // Keras 1
    RenamedOption{"Embedding", "init", "embeddings_initializer"},
    RenamedOption{"Embedding", "W_regularizer", "embeddings_regularizer"},
    RenamedOption{"Embedding", "W_constraint", "embeddings_constraint"},
    RenamedOption{"PReLU", "init", "alpha_initializer"},
    RenamedOption{"BatchNormalization", "beta_init", "beta_initializer"},
    RenamedOption{"BatchNormalization", "gamma_init", "gamma_initializer"},
    RenamedOption{"UpSampling1D", "length", "size"},
    RenamedOption{"", "init", "kernel_initializer"},
    RenamedOption{"", "inner_init", "recurrent_initializer"},
    RenamedOption{"", "inner_activation", "recurrent_activation"},
    RenamedOption{"", "W_regularizer", "kernel_regularizer"},
    RenamedOption{"", "U_regularizer", "recurrent_regularizer"},
    RenamedOption{"", "b_regularizer", "bias_regularizer"},
    RenamedOption{"", "W_constraint", "kernel_constraint"},
    RenamedOption{"", "b_constraint", "bias_constraint"},
    RenamedOption{"", "dropout_W", "dropout"},
    RenamedOption{"", "dropout_U", "recurrent_dropout"},
    RenamedOption{"", "bias", "use_bias"},
    RenamedOption{"", "nb_filter", "filters"},
    RenamedOption{"", "filter_length", "kernel_size"},
    RenamedOption{"", "border_mode", "padding"},
    RenamedOption{"", "subsample_length", "strides"},
    RenamedOption{"", "atrous_rate", "dilation_rate"},
    RenamedOption{"", "pool_length", "pool_size"},
    RenamedOption{"", "stride", "strides"},
    RenamedOption{"", "sigma", "stddev"},
    RenamedOption{"", "p", "rate"},
    // Keras 2
    RenamedOption{"LeakyReLU", "alpha", "negative_slope"},
    RenamedOption{"ReLU", "theta", "threshold"},
};

// Options that chose between ways to compute the same, or that the graph says as well.
constexpr std::array<std::string_view, 9> gone{
    "batch_input_shape", "input_shape", "input_length",       "input_dtype", "consume_less",
    "implementation",    "fused",       "virtual_batch_size", "create_spec"};

void rename(Json& config, std::string_view before, std::string_view now) {
  const auto found = config.find(std::string(before));
  if (found == config.end()) return;
  if (!config.contains(now)) config[std::string(now)] = Json(*found);
  config.erase(std::string(before));
}

bool is_zero(const Json& value) { return value.is_number() && value.get<double>() == 0.0; }

// The tables of Keras 1 could drop whole words. Keras 2 leaves that out and says so, as here.
void forget_dropped_words(Json& config) {
  const auto dropout = config.find("dropout");
  if (dropout == config.end() || !dropout->is_number()) return;
  if (!is_zero(*dropout)) {
    const auto name = config.find("name");
    std::cerr << fmt::format(
        "note: Embedding \"{}\" trains without its dropout of {}, which Keras knows no more\n",
        name != config.end() && name->is_string() ? name->get<std::string>() : "",
        dropout->get<double>());
  }
  config.erase("dropout");
}

// A list of one number, where there is one axis today.
void unwrap_single(Json& config, const char* name) {
  const auto found = config.find(name);
  if (found == config.end() || !found->is_array() || found->size() != 1) return;
  const Json only = found->front();
  *found = only;
}

// Keras 1 describes regularizers and constraints by "name", the largest norm by "m", and bounds of
// norms by "low" and "high".
void renew_described(Json& value) {
  if (!value.is_object() || value.contains("class_name") || !value.contains("name")) return;
  const Json name = value["name"];
  if (!name.is_string()) return;
  value.erase("name");
  const bool is_penalty = value.contains("l1") || value.contains("l2");
  rename(value, "m", "max_value");
  rename(value, "low", "min_value");
  rename(value, "high", "max_value");
  const Json settings = value;
  value = {{"class_name", is_penalty ? Json("L1L2") : name}, {"config", settings}};
}

// Keras 2 names the type in initializers, and says "normal" for what is cut off at two deviations.
void renew_initializer(Json& value) {
  if (value.is_string()) {
    if (value == "zero") value = "zeros";
    if (value == "one") value = "ones";
    return;
  }
  if (!value.is_object() || !value.contains("config") || !value["config"].is_object()) return;
  Json& settings = value["config"];
  settings.erase("dtype");
  if (settings.contains("distribution") && settings["distribution"] == "normal")
    settings["distribution"] = "truncated_normal";
}

double number_in(const Json& config, const char* name, double otherwise) {
  const auto found = config.find(name);
  return found != config.end() && found->is_number() ? found->get<double>() : otherwise;
}

// A function that was given as such (tf.nn.relu), or as a layer of its kind, by its name.
void renew_activation(Json& value) {
  if (!value.is_object() || !value.contains("class_name") || !value.contains("config")) return;
  const Json class_name = value["class_name"];
  const Json config = value["config"];
  if (config.is_string() && class_name == "function") value = config;
  if (!config.is_object()) return;
  if (class_name == "Activation" && config.contains("activation")) value = config["activation"];
  if (class_name == "Softmax" && number_in(config, "axis", -1.0) == -1.0) value = "softmax";
  if (class_name == "ELU" && number_in(config, "alpha", 1.0) == 1.0) value = "elu";
  if (class_name == "ReLU" && number_in(config, "max_value", 0.0) == 0.0 &&
      number_in(config, "negative_slope", 0.0) == 0.0 && number_in(config, "threshold", 0.0) == 0.0)
    value = "relu";
  constexpr double slope = 0.2;
  constexpr double rounding = 1e-6;  // of float32
  const double own = number_in(config, "negative_slope", number_in(config, "alpha", 0.0));
  if (class_name == "LeakyReLU" && std::abs(own - slope) < rounding) value = "leaky_relu";
}

void renew_option_values(Json& config) {
  for (auto& [name, value] : config.items()) {
    if (name == "activation" || name == "recurrent_activation") renew_activation(value);
    if (name.ends_with("_initializer")) renew_initializer(value);
    if (name.ends_with("_regularizer") || name.ends_with("_constraint")) renew_described(value);
  }
}

// clip(0.2 x + 0.5, 0, 1) there, clip(x / 6 + 0.5, 0, 1) now.
void keep_hard_sigmoid(Json& config) {
  for (const char* name : {"activation", "recurrent_activation"}) {
    const auto found = config.find(name);
    if (found != config.end() && *found == "hard_sigmoid") *found = "hard_sigmoid_keras2";
  }
}

void renew_forget_bias(Json& config) {
  const auto bias = config.find("forget_bias_init");
  if (bias == config.end()) return;
  config["unit_forget_bias"] = *bias == "one" || *bias == "ones";
  config.erase("forget_bias_init");
}

// Keras 1 has one class for all that Add, Concatenate and their kin do.
void renew_merge(Json& object) {
  Json& config = object["config"];
  const auto mode = config.find("mode");
  if (mode == config.end() || !mode->is_string()) return;
  constexpr std::array modes{
      Renamed{"sum", "Add"},     Renamed{"mul", "Multiply"},       Renamed{"ave", "Average"},
      Renamed{"max", "Maximum"}, Renamed{"concat", "Concatenate"}, Renamed{"dot", "Dot"},
      Renamed{"cos", "Dot"}};
  for (const Renamed& one : modes) {
    if (*mode != one.before) continue;
    Json renewed = Json::object();
    if (config.contains("name")) renewed["name"] = config["name"];
    if (one.now == "Concatenate" && config.contains("concat_axis"))
      renewed["axis"] = config["concat_axis"];
    if (one.now == "Dot") {
      renewed["axes"] = config.contains("dot_axes") ? config["dot_axes"] : Json(-1);
      renewed["normalize"] = one.before == "cos";
    }
    object["class_name"] = one.now;
    config = std::move(renewed);
    return;
  }
}

// Attention is over the steps, the one axis between batch and features: what Keras writes once the
// layer is built.
void forget_own_axis(Json& config) {
  unwrap_single(config, "attention_axes");
  const auto axes = config.find("attention_axes");
  if (axes != config.end() && (*axes == 1 || *axes == -2)) config.erase("attention_axes");
}

// Keras 2 keeps the options of Conv1D in them, which they do not use.
void renew_depthwise(Json& config) {
  if (config.contains("groups") && config["groups"] == 1) config.erase("groups");
  for (const char* name : {"kernel_initializer", "kernel_regularizer", "kernel_constraint"})
    config.erase(name);
}

// One number, or a list.
void renew_output_shape(Json& config) {
  const auto shape = config.find("output_shape");
  if (shape == config.end() || !shape->is_number()) return;
  *shape = Json::array({Json(*shape)});
}

void renew_batch_normalization(Json& config) {
  unwrap_single(config, "axis");
  // Modes 0 and 2 differ in training alone; 1 is another layer.
  const auto mode = config.find("mode");
  if (mode != config.end() && (*mode == 0 || *mode == 2)) config.erase("mode");
}

}  // namespace

void unwrap_values(Json& json) {
  if (json.is_structured()) {
    for (auto& part : json) unwrap_values(part);
  }
  if (!json.is_object()) return;
  if (json.size() == 2 && json.contains("type") && json["type"] == "ndarray" &&
      json.contains("value")) {
    const Json value = json["value"];
    json = value;
    return;
  }
  const auto class_name = json.find("class_name");
  if (class_name == json.end() || !json.contains("items")) return;
  if (*class_name != "__tuple__" && *class_name != "TensorShape") return;
  const Json items = json["items"];
  json = items;
}

void renew_layer(Json& object, bool before_keras3) {
  if (object["class_name"] == "Merge") renew_merge(object);
  std::string class_name = object["class_name"];
  const bool is_cudnn = class_name.starts_with("CuDNN");
  for (const Renamed& one : classes) {
    if (class_name == one.before) object["class_name"] = class_name = one.now;
  }
  Json& config = object["config"];
  if (class_name == "InputLayer") rename(config, "batch_input_shape", "batch_shape");
  if (class_name == "InputLayer" && !config.contains("dtype"))
    rename(config, "input_dtype", "dtype");
  for (const std::string_view name : gone) config.erase(std::string(name));
  if (class_name.ends_with("Embedding")) {
    forget_dropped_words(config);
  } else {
    config.erase("input_dim");
    rename(config, "output_dim", "units");
  }
  for (const RenamedOption& one : options) {
    if (one.layer.empty() || one.layer == class_name) rename(config, one.before, one.now);
  }
  if (class_name == "ReLU" && config.contains("threshold") && config["threshold"].is_null())
    config.erase("threshold");
  if (is_cudnn && class_name == "GRU") config["reset_after"] = true;
  renew_forget_bias(config);
  if (before_keras3 && (class_name == "GRU" || class_name == "GRUCell") &&
      !config.contains("reset_after"))
    config["reset_after"] = false;
  if (class_name == "BatchNormalization") renew_batch_normalization(config);
  if (class_name == "SeparableConv1D" || class_name == "DepthwiseConv1D") renew_depthwise(config);
  if (class_name == "EinsumDense") renew_output_shape(config);
  if (class_name == "MultiHeadAttention") {  // what it was built on; the graph says so as well
    for (const char* name : {"query_shape", "key_shape", "value_shape"}) config.erase(name);
    forget_own_axis(config);
    unwrap_single(config, "output_shape");
  }
  renew_option_values(config);
  if (before_keras3) keep_hard_sigmoid(config);
}

}  // namespace chronicler
