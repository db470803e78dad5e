// GRU: gated recurrent unit, Cho et al. 2014; its kernel is kernels/gru.h. A step, from x and
// the h' of the step before, each of z, r and g with weights of its own:
//   z, r = recurrent_activation(x W + h' U + b)      h = z h' + (1 - z) g
//   g = activation(x W + b + r (h' U + b')), or activation(x W + (r h') U + b) without reset_after
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct GRUOptions {
  std::int64_t units = 0;
  chronicler::Activation activation = "tanh";
  chronicler::Activation recurrent_activation = "sigmoid";
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
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool unroll = false;
  bool reset_after = true;
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = GRUOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of each state",
          {.is_required = true});
    visit("activation", &Options::activation, any_value(), "function of the candidate");
    visit("recurrent_activation", &Options::recurrent_activation, any_value(),
          "function of the gates");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_recurrent_dropout_fields<Options>(visit);
    visit_seed_field<Options>(visit, {.file_rank = 1});
    visit_loop_fields<Options>(visit);
    visit("reset_after", &Options::reset_after, any_value(),
          "the reset gate acts after the recurrent product; two rows of biases");
    visit_masked_output_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial state h (B, units), to the last h (B, units) or
// with return_sequences all of them (B, T, units); with return_state also h. Weights, gate
// blocks update, reset, candidate: kernel (F, 3 units), recurrent_kernel (units, 3 units), bias
// (2, 3 units) or, with reset_after false, (3 units).
LayerPtr GRU(const GRUOptions& options);

}  // namespace chronicler::layers
