// Which masks a node sees, and which are left on the values once it has run: as in Keras, where a
// mask hangs on a tensor and MultiHeadAttention takes it off the tensors that it is called on.
#pragma once

#include <span>

#include "model/frame.h"

namespace chronicler {

// Whether calling the layer takes masks off what it is called on, or puts them on.
bool may_change_masks(const Layer& layer);

// The node's inputs with the masks that its layer is to see.
std::span<Value> gather_inputs(Arena& arena, const Network& network, const Network::Node& node,
                               const Frame& frame);

// After the node has run on these inputs.
void settle_masks(Pass& pass, const Network& network, const Network::Node& node,
                  std::span<const Value> inputs, const Frame& frame);

}  // namespace chronicler
