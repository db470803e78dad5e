// RNN: a recurrent layer made of cells; the cells; and a stack of cells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/gru.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/lstm.h"
#include "chronicler/layers/option_fields.h"
#include "chronicler/layers/simple_rnn.h"

namespace chronicler::layers {

// A cell computes one step: a layer whose inputs are x (B, F) and the states, and whose outputs are
// the output (B, U) and the new states. Its initial_state() says what the states are: zeros of the
// right shapes. Any layer that does so may be the cell of an RNN. Those below take the options of
// the layers of their names, of which the flags of the loop (return_sequences to
// zero_output_for_mask) and the activity_regularizer mean nothing to a cell.

// One step of a SimpleRNN, the cell of an RNN: x (B, F) and the state h (B, units) to the output,
// which is the new h.
LayerPtr SimpleRNNCell(const SimpleRNNOptions& options);
// One step of an LSTM, the cell of an RNN: x (B, F) and the states h and c, each (B, units), to the
// output, which is the new h, and the new states.
LayerPtr LSTMCell(const LSTMOptions& options);
// One step of a GRU, the cell of an RNN: x (B, F) and the state h (B, units) to the output, which
// is the new h.
LayerPtr GRUCell(const GRUOptions& options);

struct StackedRNNCellsOptions {
  std::vector<LayerPtr> cells = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = StackedRNNCellsOptions;
    visit("cells", &Options::cells, any_value(), "cells, in order", {.is_required = true});
    visit_shared_fields<Options>(visit);
  }
};

// Cells one after another inside each step; the states are those of all cells, in order.
LayerPtr StackedRNNCells(const StackedRNNCellsOptions& options);

struct RNNOptions {
  LayerPtr cell = {};
  std::vector<LayerPtr> cells = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RNNOptions;
    visit("cell", &Options::cell, any_value(), "the cell", {.is_required = true});
    visit("cells", &Options::cells, any_value(), "instead of cell: they become StackedRNNCells",
          {.is_in_files = false});
    visit_loop_fields<Options>(visit);
    visit_masked_output_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// A cell that is run over the steps: (B, T, F), optionally followed by the initial states, to
// (B, U) or (B, T, U), and with return_state the states of all cells in order. Cells of
// Chronicler run through the fast kernels of their layers, others step by step.
LayerPtr RNN(const RNNOptions& options);

}  // namespace chronicler::layers
