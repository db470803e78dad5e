#include "formats/weight_places.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "model/model_layer.h"

namespace chronicler {
namespace {

constexpr std::string_view layers_folder = "layers/";

std::string recounted_within(const Layer& layer, std::string_view path);

// The path within a model: "layers/lstm_2/cell/vars/0".
std::string recounted(const Model& model, std::string_view path) {
  if (!path.starts_with(layers_folder)) return std::string(path);
  const std::size_t end = std::min(path.find('/', layers_folder.size()), path.size());
  const std::string_view folder = path.substr(0, end);
  const std::vector<std::string> folders = layer_paths(model.layers());
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (folders[i].empty()) continue;
    const Layer& layer = *model.layers()[i];
    const std::string base = snake_case(layer.class_name());
    int& count = counts[base];
    const std::string old = count == 0 ? base : fmt::format("{}_{}", base, count);
    count += layer.parameters().empty() ? 1 : 2;
    if (folder.substr(layers_folder.size()) == old)
      return folders[i] + recounted_within(layer, path.substr(end));
  }
  return std::string(path);
}

// The rest of a path behind a layer: "/cell/vars/0".
std::string recounted_within(const Layer& layer, std::string_view path) {
  if (!path.starts_with('/')) return std::string(path);
  if (const Model* model = model_of(layer)) return "/" + recounted(*model, path.substr(1));
  for (const Layer::Sublayer& held : layer.sublayers()) {
    if (!path.substr(1).starts_with(held.path + "/")) continue;
    const std::size_t end = 1 + held.path.size();
    return std::string(path.substr(0, end)) + recounted_within(*held.layer, path.substr(end));
  }
  return std::string(path);
}

}  // namespace

std::string recounted_path(const Model& model, std::string_view path) {
  return recounted(model, path);
}

std::vector<WeightPlace> weight_places(const Model& model) {
  std::vector<WeightPlace> places;
  std::set<const Parameter*> seen;  // what layers share lies at its first place
  const std::vector<std::string> folders = layer_paths(model.layers());
  for (std::size_t i = 0; i < folders.size(); ++i) {
    Layer& layer = *model.layers()[i];
    for (std::size_t k = 0; k < layer.parameters().size(); ++k) {
      Parameter& parameter = layer.parameters()[k];
      if (!seen.insert(&parameter).second) continue;
      places.push_back({fmt::format("{}/{}", folders[i], layer.weight_path(k)), &layer, &parameter,
                        layer.trains(k)});
    }
  }
  return places;
}

}  // namespace chronicler
