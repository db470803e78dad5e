// Bidirectional: a recurrent layer run in both directions, Schuster and Paliwal 1997.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct BidirectionalOptions {
  LayerPtr layer = {};
  std::optional<std::string> merge_mode = "concat";
  LayerPtr backward_layer = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BidirectionalOptions;
    visit("layer", &Options::layer, any_value(), "SimpleRNN, LSTM, GRU or RNN; copies of it run",
          {.is_required = true});
    visit("merge_mode", &Options::merge_mode, one_of({"concat", "sum", "ave", "mul"}),
          "how the outputs of both directions are joined; none: one output each",
          {.file_rank = -1});
    visit("backward_layer", &Options::backward_layer, any_value(), "layer of the other direction",
          {.default_text = "made from layer"});
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to (B, T, 2 U), or (B, 2 U) without return_sequences. Sequences of the backward layer
// are turned round in time before they are merged. Initial states and, with return_state, the
// states after the output: first those of the forward layer, then those of the backward one. As in
// Keras, masked steps of sequences are 0.
LayerPtr Bidirectional(const BidirectionalOptions& options);
LayerPtr Bidirectional(const LayerPtr& layer);

}  // namespace chronicler::layers
