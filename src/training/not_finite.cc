#include "training/not_finite.h"

#include <fmt/format.h>

#include "kernels/finite.h"
#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "model/model_layer.h"
#include "model/network.h"

namespace chronicler {
namespace {

bool is_finite(const TensorView& numbers) {
  if (numbers.dtype() != DType::float32 && numbers.dtype() != DType::float64) return true;
  return with_real(numbers.dtype(), [&](auto real) {
    return kernels::all_finite(std::span<const decltype(real)>(numbers.span<decltype(real)>()));
  });
}

std::string described(const Layer& layer) {
  return fmt::format("{} \"{}\"", layer.class_name(), layer.name());
}

// Of a layer, or of the layers of a model that is one.
std::string weight_not_finite(const Layer& layer) {
  if (const Model* inside = model_of(layer)) return first_weight_not_finite(*inside);
  for (const Parameter& parameter : layer.parameters()) {
    if (!is_finite(parameter.value))
      return fmt::format("weight \"{}\" of {}", parameter.name, described(layer));
  }
  return {};
}

}  // namespace

std::string first_weight_not_finite(const Model& model) {
  for (const Network::Node& node : ModelInternals::network(model).nodes()) {
    std::string found = weight_not_finite(*node.layer);
    if (!found.empty()) return found;
  }
  return {};
}

std::string why_not_finite(Model& model) {
  const Execution& execution = ModelInternals::execution(model);
  for (const Network::Node& node : ModelInternals::network(model).nodes()) {
    const std::string weight = weight_not_finite(*node.layer);
    if (!weight.empty()) return weight + " is not finite";
    for (int i = 0; i < node.output_count; ++i) {
      if (is_finite(execution.value(node.first_output + i).data)) continue;
      return fmt::format("the outputs of {} are not finite, though its inputs and weights are",
                         described(*node.layer));
    }
  }
  return "the outputs of all layers are finite, only what the loss makes of them is not";
}

}  // namespace chronicler
