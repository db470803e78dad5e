// One run over a network: where its values are, and the walk forwards and backwards.
#pragma once

#include <span>

#include "layers/core/invoke.h"
#include "model/network.h"

namespace chronicler {

// The places of a run. An Execution keeps them between runs; a model that is a layer of another
// model takes them from the arena.
struct Frame {
  std::span<Value> values;                   // of each value of the network
  std::span<TensorView> gradients;           // of each value
  std::span<bool> wanted;                    // whether a value's gradient is
  std::span<Logits> logits;                  // of each value whose node was asked
  std::span<TensorView> logit_slopes;        // of each value: dLoss/dlogits, beside its gradient
  std::span<bool> asked;                     // of each node: whether it is to give its logits
  std::span<Tape> tapes;                     // of each node
  std::span<std::span<Tensor>> states;       // carried by each node; empty: none
  std::span<std::span<const Value>> inputs;  // of each node, with the masks that it saw
  // Where the network changes masks, of each value: the one that Keras knew when it built the
  // graph, and the one that the layer made.
  std::span<TensorView> built_masks;
  std::span<TensorView> made_masks;
  bool padded = false;  // masks are of the batch's padding, which Keras does not have: they stay

  static Frame in(Arena& arena, const Network& network);

  // Asks for what lies behind a value of the network in the pass to come.
  void ask(const Network& network, int value, bool training) const;
  // Adds to what a loss says of what lies behind a value.
  void add_logit_slope(Arena& arena, const Network& network, int value, bool training,
                       const TensorView& slope) const;
};

// The call of a node, with its inputs and places for what it gives; and what is left to do once its
// outputs are known.
Call begin_call(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
                bool keep);
void end_call(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
              const Call& call);

// The same of the way back. `results` and `wanted` have a place for each input.
struct CallBack {
  Call call;
  CallGradient gradient;
};
CallBack begin_call_back(const Network& network, std::size_t index, const Frame& frame, Pass& pass);
void end_call_back(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
                   const CallBack& back);

// Runs all nodes; the network's inputs are in frame.values. `keep_bytes`: see Execution::Mode.
void run_forward(const Network& network, const Frame& frame, Pass& pass, bool keep,
                 std::span<const std::int64_t> keep_bytes = {});

// After a forward that kept; if layers kept less than all, Pass::keep_bytes is some number. The
// gradients of the network's outputs are in frame.gradients, those of its inputs are wanted where
// frame.wanted says so; all others are found here.
void run_backward(const Network& network, const Frame& frame, Pass& pass);

}  // namespace chronicler
