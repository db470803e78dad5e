// ConvLSTM1D: an LSTM over sequences of rows, with convolutions along the row instead of products.
// Shi et al. 2015.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct ConvLSTM1DOptions {
  std::int64_t filters = 0;                    // at least 1
  std::vector<std::int64_t> kernel_size = {};  // one number of places
  std::vector<std::int64_t> strides = {1};     // of the input's convolution
  std::string padding = "valid";               // of the input: "valid", or "same" (more at the end)
  std::string data_format = "channels_last";   // (B, T, L, C); nothing else
  std::vector<std::int64_t> dilation_rate = {1};
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
  double dropout = 0.0;            // of the input, one draw a sequence and gate; in [0, 1)
  double recurrent_dropout = 0.0;  // of the previous state where it meets the recurrent kernel
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;  // every step (B, T, L', filters), or the last (B, L', filters)
  bool return_state = false;      // also the final states, as further outputs
  bool go_backwards = false;      // from the last step to the first; the output stays in that order
  bool stateful = false;  // row i of a batch goes on where row i of the batch before stopped
  bool unroll = false;    // accepted; the numbers are the same
  bool zero_output_for_mask = false;  // masked steps give 0 instead of repeating the last output
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};               // (T, L, C) of one sample; T may be None
  std::optional<std::int64_t> batch_size = {};  // fixed; needed with stateful
};

// (B, T, L, C), optionally followed by the initial states h and c, each (B, L', filters); L' is
// what Conv1D makes of L. Weights, gate blocks input, forget, candidate, output: kernel
// (kernel_size, C, 4 filters), recurrent_kernel (kernel_size, filters, 4 filters), whose
// convolution has padding "same" and strides 1, bias (4 filters).
LayerPtr ConvLSTM1D(const ConvLSTM1DOptions& options);

}  // namespace chronicler::layers
