#include "formats/legacy_layers.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr std::string_view hard_sigmoid = "hard_sigmoid";
constexpr double old_slope = 1.2;  // 0.2 / (1 / 6)

bool uses_hard_sigmoid(const Json& config, const char* option) {
  const auto found = config.find(option);
  return found != config.end() && found->is_string() && *found == hard_sigmoid;
}

bool has_bias(const Json& config) {
  const auto found = config.find("use_bias");
  return found == config.end() || !found->is_boolean() || found->get<bool>();
}

// Blocks of columns in the weights of a layer, and which of them lead to which activation.
struct Gated {
  std::string_view class_name;
  std::array<std::string_view, 4> activations;  // by block; empty: no such block
  bool reads_twice;  // `activation` is also of a sum that no weight makes
};
constexpr std::array gated_layers{
    Gated{"LSTM",
          {"recurrent_activation", "recurrent_activation", "activation", "recurrent_activation"},
          true},
    Gated{"GRU", {"recurrent_activation", "recurrent_activation", "activation", ""}, false},
    Gated{"SimpleRNN", {"activation", "", "", ""}, false},
    Gated{"Dense", {"activation", "", "", ""}, false},
    Gated{"Conv1D", {"activation", "", "", ""}, false},
};

const Gated* gated(std::string_view class_name) {
  constexpr std::string_view cell = "Cell";
  if (class_name.ends_with(cell)) class_name.remove_suffix(cell.size());
  const auto found = std::find_if(gated_layers.begin(), gated_layers.end(),
                                  [&](const Gated& one) { return one.class_name == class_name; });
  return found == gated_layers.end() ? nullptr : &*found;
}

[[noreturn]] void no_equal(std::string_view class_name) {
  throw Error(fmt::format("a layer {} uses the hard_sigmoid of Keras 2, another function than that "
                          "of Keras 3, where no weights can make up for it",
                          class_name),
              "train it with \"sigmoid\"");
}

LegacyChange change_of(const Gated& layer, const Json& config) {
  LegacyChange change;
  change.weights = layer.class_name == "Dense" || layer.class_name == "Conv1D" ? 1 : 2;
  change.weights += has_bias(config) ? 1 : 0;
  if (layer.reads_twice && uses_hard_sigmoid(config, "activation")) no_equal(layer.class_name);
  bool any = false;
  for (const std::string_view activation : layer.activations) {
    if (activation.empty()) continue;
    const bool is_old = uses_hard_sigmoid(config, std::string(activation).c_str());
    change.factors.push_back(is_old ? old_slope : 1.0);
    any = any || is_old;
  }
  if (!any) change.factors.clear();
  return change;
}

bool is_change(const LegacyChange& change) { return change.from_cudnn || !change.factors.empty(); }

// All that one layer's object says, also where nothing changes: wrappers need to count.
void collect(Json& object, std::vector<LegacyChange>& changes) {
  if (!object.is_object() || !object.contains("class_name") || !object.contains("config")) return;
  Json& config = object["config"];
  if (!object["class_name"].is_string() || !config.is_object()) return;
  const std::string class_name = object["class_name"];
  if (class_name == "CuDNNLSTM" || class_name == "CuDNNGRU") {
    const bool is_gru = class_name == "CuDNNGRU";
    object["class_name"] = is_gru ? "GRU" : "LSTM";
    if (is_gru) config["reset_after"] = true;
    changes.push_back({.from_cudnn = true, .is_gru = is_gru, .weights = 3});
    return;
  }
  if (const Gated* layer = gated(class_name)) {
    changes.push_back(change_of(*layer, config));
    return;
  }
  if (uses_hard_sigmoid(config, "activation")) no_equal(class_name);
  for (const char* name : {"layer", "cell"}) {
    if (config.contains(name)) collect(config[name], changes);
  }
  if (config.contains("cells") && config["cells"].is_array()) {
    for (Json& cell : config["cells"]) collect(cell, changes);
  }
  if (class_name != "Bidirectional") return;
  if (config.contains("backward_layer") && config["backward_layer"].is_object()) {
    collect(config["backward_layer"], changes);
  } else {
    const std::vector<LegacyChange> forward = changes;
    changes.insert(changes.end(), forward.begin(), forward.end());
  }
}

// ---- weights

// Columns in `factors.size()` equal blocks, each times its factor.
Tensor scaled(const Tensor& weight, const std::vector<double>& factors) {
  Tensor result = weight.clone();
  const std::int64_t columns = weight.shape()[-1];
  const auto blocks = static_cast<std::int64_t>(factors.size());
  if (columns % blocks != 0) {
    throw Error(fmt::format("a weight of shape {} does not divide into {} gates",
                            weight.shape().to_string(), blocks));
  }
  const std::int64_t width = columns / blocks;
  float* values = result.as<float>();
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const double factor = factors[static_cast<std::size_t>(i % columns / width)];
    values[i] = static_cast<float>(static_cast<double>(values[i]) * factor);
  }
  return result;
}

// One matrix (rows, gates * units) out of cuDNN's: the block of a gate lies there transposed; that
// of the input's kernel is filled column by column besides.
Tensor from_cudnn(const Tensor& weight, std::int64_t gates, bool by_column) {
  const std::int64_t rows = weight.shape()[0];
  const std::int64_t columns = weight.shape()[1];
  const std::int64_t units = columns / gates;
  if (columns % gates != 0 || (!by_column && rows != units)) {
    throw Error(
        fmt::format("a weight of a CuDNN layer has shape {}, which does not divide into {} "
                    "gates",
                    weight.shape().to_string(), gates));
  }
  Tensor result(weight.shape());
  const float* from = weight.as<float>();
  float* to = result.as<float>();
  for (std::int64_t gate = 0; gate < gates; ++gate) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t unit = 0; unit < units; ++unit) {
        const std::int64_t place = by_column ? unit * rows + row : unit * units + row;
        to[row * columns + gate * units + unit] =
            from[place / units * columns + gate * units + place % units];
      }
    }
  }
  return result;
}

void check_cudnn(const std::vector<Tensor>& weights, std::size_t first, std::int64_t gates) {
  const Shape& kernel = weights[first].shape();
  const Shape& recurrent = weights[first + 1].shape();
  const Shape& bias = weights[first + 2].shape();
  const bool fits = kernel.rank() == 2 && recurrent.rank() == 2 && bias.rank() == 1 &&
                    kernel[1] == recurrent[1] && bias[0] == 2 * kernel[1] && kernel[1] > 0 &&
                    kernel[1] % gates == 0 && kernel[0] > 0;
  if (fits) return;
  throw Error(
      fmt::format("the weights of a CuDNN layer have shapes {}, {} and {}, which do not fit",
                  kernel.to_string(), recurrent.to_string(), bias.to_string()));
}

std::vector<Tensor> out_of_cudnn(const std::vector<Tensor>& weights, std::size_t first,
                                 bool is_gru) {
  const std::int64_t gates = is_gru ? 3 : 4;
  check_cudnn(weights, first, gates);
  const Tensor& bias = weights[first + 2];
  const std::int64_t columns = bias.size() / 2;
  Tensor one = bias.reshaped({2, columns}).clone();
  if (!is_gru) {
    Tensor sum(Shape{columns});
    for (std::int64_t i = 0; i < columns; ++i)
      sum.as<float>()[i] = one.as<float>()[i] + one.as<float>()[columns + i];
    one = sum;
  }
  return {from_cudnn(weights[first], gates, true), from_cudnn(weights[first + 1], gates, false),
          one};
}

}  // namespace

std::vector<LegacyChange> renew_legacy_layer(Json& object) {
  std::vector<LegacyChange> changes;
  collect(object, changes);
  if (std::none_of(changes.begin(), changes.end(), is_change)) changes.clear();
  return changes;
}

std::vector<Tensor> renewed_weights(const std::vector<Tensor>& weights,
                                    const std::vector<LegacyChange>& changes) {
  std::size_t expected = 0;
  for (const LegacyChange& change : changes) expected += change.weights;
  if (expected != weights.size())
    throw Error(fmt::format("a layer must have {} weights, got {}", expected, weights.size()));
  std::vector<Tensor> floats;
  for (const Tensor& weight : weights) {
    if (weight.shape().rank() == 0 || weight.size() == 0)
      throw Error(fmt::format("a weight has shape {}", weight.shape().to_string()));
    floats.push_back(weight.to(DType::float32));
  }
  std::vector<Tensor> renewed;
  for (const LegacyChange& change : changes) {
    const std::size_t first = renewed.size();
    if (change.from_cudnn) {
      for (Tensor& one : out_of_cudnn(floats, first, change.is_gru))
        renewed.push_back(std::move(one));
      continue;
    }
    for (std::size_t i = 0; i < change.weights; ++i) {
      const Tensor& own = floats[first + i];
      renewed.push_back(change.factors.empty() ? own : scaled(own, change.factors));
    }
  }
  return renewed;
}

}  // namespace chronicler
