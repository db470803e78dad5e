// ConvLSTM1D: an LSTM over sequences of rows, with convolutions along the row instead of products.
// Shi et al. 2015.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct ConvLSTM1DOptions {
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  std::vector<std::int64_t> dilation_rate = {1};
  chronicler::Activation activation = "tanh";
  chronicler::Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0.0;
  double recurrent_dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ConvLSTM1DOptions;
    visit("filters", &Options::filters, at_least(1), "channels of the output, and of each state",
          {.is_required = true});
    visit("kernel_size", &Options::kernel_size, one_number(at_least(1)), "places of the window",
          {.is_required = true});
    visit("strides", &Options::strides, one_number(at_least(1)),
          "places from one window of the input to the next");
    visit("padding", &Options::padding, one_of({"valid", "same"}),
          "of the input, valid: none; same: on both sides, more behind");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, L, C); channels_first: (B, T, C, L)");
    visit("dilation_rate", &Options::dilation_rate, one_number(at_least(1)),
          "places from one number of the window to the next");
    visit("activation", &Options::activation, any_value(), "function of candidate and state");
    visit("recurrent_activation", &Options::recurrent_activation, any_value(),
          "function of the gates");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_recurrent_dropout_fields<Options>(visit);
    visit_seed_field<Options>(visit);
    visit_loop_fields<Options>(visit);
    visit_masked_output_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, L, C), optionally followed by the initial states h and c, each (B, L', filters), to the
// last h or with return_sequences all of them (B, T, L', filters); L' is what Conv1D makes of L.
// Weights, gate blocks input, forget, candidate, output: kernel (kernel_size, C, 4 filters),
// recurrent_kernel (kernel_size, filters, 4 filters), whose convolution has padding "same" and
// strides 1, bias (4 filters).
LayerPtr ConvLSTM1D(const ConvLSTM1DOptions& options);

}  // namespace chronicler::layers
