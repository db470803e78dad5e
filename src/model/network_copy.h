// A network of the same shape whose layers are others.
#pragma once

#include <functional>

#include "model/network.h"

namespace chronicler {

// Makes `to` what `from` is, with the layer that `layer_of` gives for each node: it must take and
// give as many values. The batch axis of the inputs is left open.
void copy_network(const Network& from,
                  const std::function<LayerPtr(const Network::Node&)>& layer_of, Network& to);

}  // namespace chronicler
