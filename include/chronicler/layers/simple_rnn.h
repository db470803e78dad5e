// SimpleRNN: the recurrent cell of Elman 1990, h = activation(x W + h' U + b).
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct SimpleRNNOptions {
  std::int64_t units = 0;
  chronicler::Activation activation = "tanh";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer recurrent_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint recurrent_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0.0;
  double recurrent_dropout = 0.0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  std::optional<std::int64_t> seed = {};
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SimpleRNNOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of each state",
          {.is_required = true});
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_recurrent_dropout_fields<Options>(visit);
    visit_loop_fields<Options>(visit);
    visit_seed_field<Options>(visit);
    visit_masked_output_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial state h (B, units), to the last h (B, units) or
// with return_sequences all of them (B, T, units); with return_state also h. Weights: kernel (F,
// units), recurrent_kernel (units, units), bias (units).
LayerPtr SimpleRNN(const SimpleRNNOptions& options);

}  // namespace chronicler::layers
