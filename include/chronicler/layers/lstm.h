// LSTM: long short-term memory, Hochreiter and Schmidhuber 1997; equations in kernels/lstm.h.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct LSTMOptions {
  std::int64_t units = 0;  // at least 1
  chronicler::Activation activation = "tanh";
  chronicler::Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;  // the forget gate's bias starts at 1
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0.0;            // of the input, one draw a sequence; in [0, 1)
  double recurrent_dropout = 0.0;  // of the previous state where it meets the recurrent kernel
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;  // every step (B, T, units), or the last (B, units)
  bool return_state = false;      // also the final states, as further outputs
  bool go_backwards = false;      // from the last step to the first; the output stays in that order
  bool stateful = false;  // row i of a batch goes on where row i of the batch before stopped
  bool unroll = false;    // accepted; the numbers are the same
  bool zero_output_for_mask = false;  // masked steps give 0 instead of repeating the last output
  // Variants that Keras does not have; files name them only where they are on, so that a plain LSTM
  // stays Keras's. They may be combined. Equations: layers/lstm_variant.h.
  bool layer_normalization = false;  // of x W, h U and the cell: Ba, Kiros and Hinton 2016
  bool peepholes = false;            // gates see the cell: Gers and Schmidhuber 2000
  std::int64_t projection = 0;       // numbers of h, if not 0: Sak, Senior and Beaufays 2014
  double zoneout_hidden = 0.0;       // chance that a number of h keeps its value, in [0, 1):
  double zoneout_cell = 0.0;         // Krueger et al. 2017; and of c
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};               // (T, F) of one sample; None where it varies
  std::optional<std::int64_t> batch_size = {};  // fixed; needed with stateful
};

// (B, T, F), optionally followed by the initial states h and c, each (B, units). Weights, gate
// blocks input, forget, candidate, output: kernel (F, 4 units), recurrent_kernel (units, 4 units),
// bias (4 units); with variants then peephole_kernel (3, units), projection_kernel (units,
// projection), kernel_gamma and recurrent_gamma (4 units), cell_gamma and cell_beta (units). With a
// projection h, the output and the rows of recurrent_kernel are that wide. Variants train on one
// step at a time, several times slower than the plain layer.
LayerPtr LSTM(const LSTMOptions& options);

}  // namespace chronicler::layers
