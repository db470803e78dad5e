#include "formats/weight_places.h"

#include <set>

#include <fmt/format.h>

#include "model/model_layer.h"

namespace chronicler {

std::vector<WeightPlace> weight_places(const Model& model) {
  std::vector<WeightPlace> places;
  std::set<const Parameter*> seen;  // what layers share lies at its first place
  const std::vector<std::string> folders = layer_paths(model.layers());
  for (std::size_t i = 0; i < folders.size(); ++i) {
    Layer& layer = *model.layers()[i];
    for (std::size_t k = 0; k < layer.parameters().size(); ++k) {
      Parameter& parameter = layer.parameters()[k];
      if (!seen.insert(&parameter).second) continue;
      places.push_back(
          {fmt::format("{}/{}", folders[i], layer.weight_path(k)), &layer, &parameter});
    }
  }
  return places;
}

}  // namespace chronicler
