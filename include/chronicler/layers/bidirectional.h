// Bidirectional: a recurrent layer run in both directions, Schuster and Paliwal 1997.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct BidirectionalOptions {
  LayerPtr layer = {};  // SimpleRNN, LSTM, GRU or RNN; copies of it are what runs
  std::optional<std::string> merge_mode =
      "concat";  // "concat", "sum", "ave", "mul"; none: an output for each direction
  LayerPtr backward_layer = {};  // of the other direction; empty: made from `layer`
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};  // empty: that of `layer`
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (B, T, F) to (B, T, 2 U), or (B, 2 U) without return_sequences. Sequences of the backward layer
// are turned round in time before they are merged. Initial states and, with return_state, the
// states after the output: first those of the forward layer, then those of the backward one. As in
// Keras, masked steps of sequences are 0.
LayerPtr Bidirectional(const BidirectionalOptions& options);
LayerPtr Bidirectional(const LayerPtr& layer);

}  // namespace chronicler::layers
