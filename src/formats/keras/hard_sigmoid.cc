#include "formats/keras/hard_sigmoid.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/weight_places.h"
#include "layers/core/each_field.h"

namespace chronicler {
namespace {

constexpr std::string_view old_function = "hard_sigmoid_keras2";
constexpr std::string_view new_function = "hard_sigmoid";
constexpr double slope = 1.2;  // 0.2 / (1 / 6)

// Blocks of columns in the weights of a layer, and which of them lead to which activation.
struct Gated {
  std::string_view class_name;
  std::array<std::string_view, 4> activations;  // by block; empty: no such block
  bool reads_twice;              // `activation` is also of a sum that no weight makes
  std::size_t first_weight = 0;  // those before it make no sum that goes through a function
};
constexpr std::array gated_layers{
    Gated{"LSTM",
          {"recurrent_activation", "recurrent_activation", "activation", "recurrent_activation"},
          true},
    Gated{"ConvLSTM1D",
          {"recurrent_activation", "recurrent_activation", "activation", "recurrent_activation"},
          true},
    Gated{"GRU", {"recurrent_activation", "recurrent_activation", "activation", ""}, false},
    Gated{"SimpleRNN", {"activation", "", "", ""}, false},
    Gated{"Dense", {"activation", "", "", ""}, false},
    Gated{"Conv1D", {"activation", "", "", ""}, false},
    Gated{"Conv1DTranspose", {"activation", "", "", ""}, false},
    Gated{"DepthwiseConv1D", {"activation", "", "", ""}, false},
    Gated{"SeparableConv1D", {"activation", "", "", ""}, false, 1},
    Gated{"EinsumDense", {"activation", "", "", ""}, false},
};

const Gated* gated(std::string_view class_name) {
  constexpr std::string_view cell = "Cell";
  if (class_name.ends_with(cell)) class_name.remove_suffix(cell.size());
  const auto found = std::find_if(gated_layers.begin(), gated_layers.end(),
                                  [&](const Gated& one) { return one.class_name == class_name; });
  return found == gated_layers.end() ? nullptr : &*found;
}

// The options of a layer that are the old function.
class FindOld final : public EachField<FindOld> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const Activation& value) {
    if (value.name() == old_function) options.push_back(name);
  }
  std::vector<std::string_view> options;
};

using Factors = std::vector<double>;  // of the blocks of columns

// By the weight.
void collect(Layer& layer, std::map<const Parameter*, Factors>& factors) {
  FindOld found;
  layer.fields(found);
  for (const Layer::Sublayer& held : layer.sublayers()) collect(*held.layer, factors);
  if (found.options.empty()) return;
  const auto is_old = [&](std::string_view option) {
    return std::find(found.options.begin(), found.options.end(), option) != found.options.end();
  };
  const Gated* kind = gated(layer.class_name());
  if (kind == nullptr || (kind->reads_twice && is_old("activation"))) {
    throw Error(
        fmt::format("{} \"{}\" uses the hard_sigmoid of Keras 2, which Keras 3 does not have, "
                    "where no weights can make up for it",
                    layer.class_name(), layer.name()),
        "save it as .chronicler");
  }
  Factors own;
  for (const std::string_view activation : kind->activations) {
    if (!activation.empty()) own.push_back(is_old(activation) ? slope : 1.0);
  }
  for (std::size_t i = kind->first_weight; i < layer.parameters().size(); ++i)
    factors[&layer.parameters()[i]] = own;
}

template <class Real>
void scale(Tensor& weight, const Factors& factors) {
  const std::int64_t columns = weight.shape()[-1];
  const std::int64_t width = columns / static_cast<std::int64_t>(factors.size());
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    const double factor = factors[static_cast<std::size_t>(i % columns / width)];
    Real& value = weight.as<Real>()[i];
    value = static_cast<Real>(static_cast<double>(value) * factor);
  }
}

void rename_function(Json& json) {
  if (json.is_string() && json == old_function) json = new_function;
  if (!json.is_structured()) return;
  for (auto& part : json) rename_function(part);
}

}  // namespace

void replace_hard_sigmoid(const Model& model, ModelSpec& spec) {
  std::map<const Parameter*, Factors> factors;
  for (const LayerPtr& layer : model.layers()) collect(*layer, factors);
  if (factors.empty()) return;
  rename_function(spec.model);
  std::map<std::string_view, const Factors*> by_path;
  const std::vector<WeightPlace> places =
      model.built() ? weight_places(model) : std::vector<WeightPlace>();
  for (const WeightPlace& place : places) {
    const auto found = factors.find(place.parameter);
    if (found != factors.end()) by_path[place.path] = &found->second;
  }
  std::erase_if(spec.weights,
                [](const NamedTensor& one) { return one.name.starts_with("optimizer/"); });
  for (NamedTensor& tensor : spec.weights) {
    const auto found = by_path.find(tensor.name);
    if (found == by_path.end()) continue;
    tensor.value = tensor.value.clone();
    if (tensor.value.dtype() == DType::float64) {
      scale<double>(tensor.value, *found->second);
    } else {
      scale<float>(tensor.value, *found->second);
    }
  }
}

}  // namespace chronicler
