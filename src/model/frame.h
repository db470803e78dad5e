// One run over a network: where its values are, and the walk forwards and backwards.
#pragma once

#include <span>

#include "layers/invoke.h"
#include "model/network.h"

namespace chronicler {

// The places of a run. An Execution keeps them between runs; a model that is a layer of another
// model takes them from the arena.
struct Frame {
  std::span<Value> values;              // of each value of the network
  std::span<TensorView> gradients;      // of each value
  std::span<bool> wanted;               // whether a value's gradient is
  std::span<Tape> tapes;                // of each node
  std::span<std::span<Tensor>> states;  // carried by each node; empty: none

  static Frame in(Arena& arena, const Network& network);
};

// Runs all nodes; the network's inputs are in frame.values.
void run_forward(const Network& network, const Frame& frame, Pass& pass, bool keep);

// After a forward that kept. The gradients of the network's outputs are in frame.gradients, those
// of its inputs are wanted where frame.wanted says so; all others are found here.
void run_backward(const Network& network, const Frame& frame, Pass& pass);

}  // namespace chronicler
