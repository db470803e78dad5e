#include "formats/legacy_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/hdf5_reader.h"
#include "formats/legacy_layers.h"

namespace chronicler {
namespace {

using Attributes = std::map<std::string, std::vector<std::string>>;

const std::vector<std::string>& texts(const Attributes& attributes, const std::string& name) {
  static const std::vector<std::string> none;
  const auto found = attributes.find(name);
  return found == attributes.end() ? none : found->second;
}

// A list of more than 64 KB is cut into several attributes: NAME0, NAME1, ...
std::vector<std::string> long_list(const Attributes& attributes, const std::string& name) {
  std::vector<std::string> list = texts(attributes, name);
  for (int part = 0;; ++part) {
    const auto found = attributes.find(fmt::format("{}{}", name, part));
    if (found == attributes.end()) return list;
    list.insert(list.end(), found->second.begin(), found->second.end());
  }
}

// ---- the configuration of Keras 2

// Options that only Keras 2 has, and what became of them.
void renew_layer_config(const std::string& class_name, Json& config) {
  if (config.contains("batch_input_shape")) {
    if (class_name == "InputLayer") config["batch_shape"] = config["batch_input_shape"];
    config.erase("batch_input_shape");
  }
  constexpr std::array<const char*, 3> gone{"input_length", "ragged", "sparse"};
  for (const char* name : gone) config.erase(name);
  if (class_name == "GRU" && !config.contains("reset_after")) config["reset_after"] = false;
}

// Keras 2 names the type in initializers, too.
void renew_initializers(Json& config) {
  for (auto& [name, value] : config.items()) {
    if (!name.ends_with("_initializer") || !value.is_object() || !value.contains("config"))
      continue;
    if (value["config"].is_object()) value["config"].erase("dtype");
  }
}

// A Sequential without an InputLayer says its input shape in its first layer.
void add_input(Json& config) {
  Json& layers = config["layers"];
  if (!layers.is_array() || layers.empty() || !layers[0].is_object()) return;
  const auto first = layers[0].find("config");
  if (first == layers[0].end() || !first->is_object() || !first->contains("batch_input_shape") ||
      layers[0].value("class_name", "") == "InputLayer") {
    return;
  }
  Json input = {
      {"class_name", "InputLayer"},
      {"config", {{"name", "input_layer"}, {"batch_shape", (*first)["batch_input_shape"]}}}};
  layers.insert(layers.begin(), std::move(input));
}

// By the name of a layer of the model.
using Changes = std::map<std::string, std::vector<LegacyChange>>;

// What becomes of each layer's weights; renews the layers' objects as far as that goes.
Changes changes_in(Json& model) {
  Changes changes;
  if (!model.is_object() || !model.contains("config") || !model["config"].is_object()) return {};
  Json& layers = model["config"]["layers"];
  if (!layers.is_array()) return {};
  for (Json& layer : layers) {
    const bool is_model = layer.is_object() && layer.contains("config") &&
                          layer["config"].is_object() && layer["config"].contains("layers");
    std::vector<LegacyChange> own;
    if (is_model) {
      if (!changes_in(layer).empty()) {
        throw Error(
            "a model inside the model has layers of Keras 2 that Keras 3 computes otherwise",
            "save it with Keras 3");
      }
    } else {
      own = renew_legacy_layer(layer);
    }
    if (own.empty() || !layer["config"].contains("name") || !layer["config"]["name"].is_string())
      continue;
    changes[layer["config"]["name"].get<std::string>()] = std::move(own);
  }
  return changes;
}

void put_into_new_form(Json& object) {
  if (!object.is_object() || !object.contains("class_name") || !object.contains("config")) return;
  Json& config = object["config"];
  if (!object["class_name"].is_string() || !config.is_object()) return;
  if (config.contains("layers")) add_input(config);
  renew_layer_config(object["class_name"].get<std::string>(), config);
  renew_initializers(config);
  for (const char* name : {"layer", "backward_layer", "cell"}) {
    if (config.contains(name)) put_into_new_form(config[name]);
  }
  for (const char* name : {"layers", "cells"}) {
    if (!config.contains(name) || !config[name].is_array()) continue;
    for (Json& inner : config[name]) put_into_new_form(inner);
  }
}

// Keras 2 keeps "decay" in its optimizers, and calls those of tf-keras its own.
void renew_optimizer(Json& optimizer) {
  if (!optimizer.is_object() || !optimizer.contains("class_name")) return;
  constexpr std::string_view custom = "Custom>";
  if (optimizer["class_name"].is_string()) {
    const std::string name = optimizer["class_name"];
    if (name.starts_with(custom)) optimizer["class_name"] = name.substr(custom.size());
  }
  if (!optimizer.contains("config") || !optimizer["config"].is_object()) return;
  const auto decay = optimizer["config"].find("decay");
  if (decay != optimizer["config"].end() && decay->is_number() && decay->get<double>() == 0.0)
    optimizer["config"].erase("decay");
}

// Keras 2 writes a metric that was given by name as a function in a wrapper.
void renew_metrics(Json& metrics) {
  if (metrics.is_array()) {
    for (Json& one : metrics) renew_metrics(one);
  }
  if (!metrics.is_object()) return;
  if (!metrics.contains("class_name")) {  // by the names of outputs
    for (auto& [output, own] : metrics.items()) renew_metrics(own);
    return;
  }
  if (metrics["class_name"] != "MeanMetricWrapper" || !metrics.contains("config")) return;
  const Json config = metrics["config"];
  if (!config.is_object() || !config.contains("fn") || !config["fn"].is_string()) return;
  metrics["class_name"] = config["fn"];
  metrics["config"] = Json::object();
  if (config.contains("name")) metrics["config"]["name"] = config["name"];
}

Json compile_config_of(std::string_view text) {
  Json config = parse_json(text, "training_config");
  if (!config.is_object()) throw Error("its training_config is not an object");
  for (const char* name : {"metrics", "weighted_metrics"}) {
    if (config.contains(name)) renew_metrics(config[name]);
  }
  if (const auto optimizer = config.find("optimizer_config"); optimizer != config.end()) {
    Json renewed = *optimizer;
    config.erase("optimizer_config");
    renew_optimizer(renewed);
    config["optimizer"] = std::move(renewed);
  }
  return config;
}

// ---- weights

using TensorsByName = std::map<std::string_view, const NamedTensor*>;

const NamedTensor& tensor_at(const TensorsByName& tensors, const std::string& path) {
  const auto found = tensors.find(path);
  if (found != tensors.end()) return *found->second;
  throw Error(fmt::format("the weight \"{}\" is missing", path), "use another copy");
}

void read_weights(const Hdf5Content& content, const TensorsByName& tensors, ModelSpec& spec) {
  const std::string group = "model_weights";
  for (const std::string& layer : long_list(content.attributes, group + "@layer_names")) {
    const std::string folder = fmt::format("{}/{}", group, layer);
    std::vector<Tensor> weights;
    for (const std::string& name : long_list(content.attributes, folder + "@weight_names"))
      weights.push_back(tensor_at(tensors, fmt::format("{}/{}", folder, name)).value);
    if (!weights.empty()) spec.weights_by_layer[layer] = std::move(weights);
  }
}

// The optimizers before Keras 2.11 keep all first moments before all second ones, now they lie side
// by side.
std::vector<std::string> side_by_side(std::vector<std::string> names) {
  const bool is_oldest = !names.empty() && names.front().ends_with("iter:0");
  const auto second = std::find_if(names.begin(), names.end(),
                                   [](const std::string& name) { return name.ends_with("/v:0"); });
  const auto count = names.end() - second;
  if (!is_oldest || second - names.begin() != count + 1) return names;
  std::vector<std::string> ordered{names.front()};
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    ordered.push_back(names[static_cast<std::size_t>(i + 1)]);
    ordered.push_back(*(second + i));
  }
  return ordered;
}

// The number that Keras 2 keeps in the configuration and Keras 3 among the variables.
std::optional<double> learning_rate_of(const Json& model) {
  const Json* place = &model;
  for (const char* name : {"compile_config", "optimizer", "config", "learning_rate"}) {
    if (!place->is_object() || !place->contains(name)) return std::nullopt;
    place = &(*place)[name];
  }
  return place->is_number() ? std::optional(place->get<double>()) : std::nullopt;
}

void read_optimizer(const Hdf5Content& content, const TensorsByName& tensors, bool is_old,
                    ModelSpec& spec) {
  const std::string group = "optimizer_weights";
  const auto add = [&](const Tensor& value, bool whole) {
    spec.weights.push_back({optimizer_path(spec.weights.size()), value, whole});
  };
  std::vector<std::string> names = long_list(content.attributes, group + "@weight_names");
  if (is_old) names = side_by_side(std::move(names));
  const std::optional<double> rate = is_old ? learning_rate_of(spec.model) : std::nullopt;
  for (const std::string& name : names) {
    const NamedTensor& tensor = tensor_at(tensors, fmt::format("{}/{}", group, name));
    add(tensor.value, tensor.whole);
    if (rate && spec.weights.size() == 1) {
      Tensor number(Shape{}, DType::float32);
      number.fill(*rate);
      add(number, false);
    }
  }
}

}  // namespace

ModelSpec read_legacy(std::string_view bytes) {
  const Hdf5Content content = read_hdf5(bytes);
  const std::vector<std::string>& config = texts(content.attributes, "@model_config");
  if (config.size() != 1) {
    throw Error("it holds no model, weights alone",
                "make the model, and load weights saved as .weights.h5");
  }
  const std::vector<std::string>& version = texts(content.attributes, "@keras_version");
  const bool is_old = version.size() != 1 || !version.front().starts_with('3');

  ModelSpec spec;
  spec.model = parse_json(config.front(), "model_config");
  Changes changes;
  if (is_old) {
    changes = changes_in(spec.model);
    put_into_new_form(spec.model);
  }
  const std::vector<std::string>& training = texts(content.attributes, "@training_config");
  if (training.size() == 1 && spec.model.is_object())
    spec.model["compile_config"] = compile_config_of(training.front());

  TensorsByName tensors;
  for (const NamedTensor& tensor : content.tensors) tensors.emplace(tensor.name, &tensor);
  read_weights(content, tensors, spec);
  for (const auto& [layer, own] : changes) {
    const auto found = spec.weights_by_layer.find(layer);
    if (found == spec.weights_by_layer.end()) continue;
    try {
      found->second = renewed_weights(found->second, own);
    } catch (const Error& error) {
      throw Error(fmt::format("layer \"{}\": {}", layer, error.message()), error.hint());
    }
  }
  // What an optimizer has gathered about weights that changed is about others.
  if (changes.empty()) read_optimizer(content, tensors, is_old, spec);
  return spec;
}

}  // namespace chronicler
