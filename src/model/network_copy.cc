#include "model/network_copy.h"

namespace chronicler {

void copy_network(const Network& from,
                  const std::function<LayerPtr(const Network::Node&)>& layer_of, Network& to) {
  std::vector<Shape> inputs = from.input_shapes();
  for (Shape& input : inputs) input.set(0, None);
  to.reset(inputs);
  for (const Network::Node& node : from.nodes())
    to.add(layer_of(node), node.inputs, {node.masks, node.flags});
  to.set_outputs(from.outputs());
  to.set_run_order(from.run_order());
}

}  // namespace chronicler
