#include "tasks/shared/joined_networks.h"

#include <fmt/format.h>

namespace chronicler::tasks {

std::string branch_prefix(std::size_t index, std::size_t count) {
  return count == 1 ? std::string() : fmt::format("network_{}_", index + 1);
}

void set_branch_weights(const Model& network, Model& joined, const std::string& prefix) {
  for (const LayerPtr& layer : network.layers()) {
    const ParameterList& from = layer->parameters();
    if (from.empty()) continue;
    ParameterList& to = joined.get_layer(prefix + layer->name())->parameters();
    for (std::size_t i = 0; i < from.size(); ++i) copy(from[i].value, to[i].value);
  }
}

}  // namespace chronicler::tasks
