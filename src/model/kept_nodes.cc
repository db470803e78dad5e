#include "model/kept_nodes.h"

#include <algorithm>
#include <utility>

#include "model/model_internals.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

std::size_t place(int value) { return static_cast<std::size_t>(value); }

std::vector<Shape> inputs_of(const Network::Node& node, const std::vector<Shape>& values) {
  std::vector<Shape> inputs;
  for (const int value : node.inputs) inputs.push_back(values[place(value)]);
  return inputs;
}

// The shapes of all values of the network.
std::vector<Shape> all_shapes(const Network& network, std::vector<Shape> inputs) {
  std::vector<Shape> values = std::move(inputs);
  for (const Network::Node& node : network.nodes()) {
    for (const Shape& shape : node.layer->call_shapes(inputs_of(node, values), node.flags))
      values.push_back(shape);
  }
  return values;
}

bool learns(const Layer& layer) {
  for (std::size_t i = 0; i < layer.parameters().size(); ++i) {
    if (layer.trains(i)) return true;
  }
  return false;
}

}  // namespace

std::vector<KeptNode> kept_nodes(const Network& network, std::vector<Shape> inputs) {
  const std::vector<Shape> values = all_shapes(network, std::move(inputs));
  std::vector<KeptNode> nodes;
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const Network::Node& node = network.nodes()[i];
    const std::vector<Shape> shapes = inputs_of(node, values);
    const std::optional<Layer::KeptSteps> kept = node.layer->kept_steps(shapes);
    if (!kept || kept->steps == 0 || kept->step_bytes == 0) continue;
    nodes.push_back({i, *kept, steps_together(*node.layer, shapes[0][0]), keeps_rest(*node.layer)});
  }
  return nodes;
}

std::optional<Layer::KeptSteps> kept_by_all(const Network& network, std::vector<Shape> inputs) {
  std::optional<Layer::KeptSteps> all;
  for (const KeptNode& each : kept_nodes(network, std::move(inputs)))
    all = all ? sum_of(*all, each.kept) : each.kept;
  return all;
}

std::vector<std::int64_t> share_out(const Network& network, std::span<const KeptNode> nodes,
                                    std::int64_t bytes) {
  std::vector<std::int64_t> shares(network.nodes().size(), -1);
  std::int64_t least = 0;
  double most = 0.0;
  for (const KeptNode& each : nodes) {
    least += each.least();
    most += static_cast<double>(each.most() - each.least());
  }
  const double rest = static_cast<double>(std::max<std::int64_t>(0, bytes - least));
  const double part = most > 0.0 ? std::min(1.0, rest / most) : 1.0;
  for (const KeptNode& each : nodes) {
    const auto more =
        static_cast<std::int64_t>(part * static_cast<double>(each.most() - each.least()));
    shares[each.node] = part >= 1.0 ? each.most() : each.least() + more;
  }
  return shares;
}

std::int64_t value_bytes(const Network& network, std::vector<Shape> inputs) {
  const std::vector<Shape> values = all_shapes(network, std::move(inputs));
  std::vector<bool> wanted(values.size(), false);
  std::int64_t bytes = 0;
  for (const Network::Node& node : network.nodes()) {
    bool has_gradient = learns(*node.layer);
    for (const int value : node.inputs) has_gradient = has_gradient || wanted[place(value)];
    if (const Model* inside = model_of(*node.layer))
      bytes += value_bytes(ModelInternals::network(*inside), inputs_of(node, values));
    for (int output = node.first_output; output < node.first_output + node.output_count; ++output) {
      wanted[place(output)] = has_gradient;
      if (node.layer->passes_on(true)) continue;
      const std::int64_t size = values[place(output)].elements() *
                                static_cast<std::int64_t>(size_of(node.layer->dtype()));
      bytes += has_gradient ? 2 * size : size;
    }
  }
  return bytes;
}

}  // namespace chronicler
