// SLSTM: the sLSTM of xLSTM (Beck et al. 2024, arXiv 2405.04517), an LSTM whose gates are
// exponential and which divides by what they sum up to; its kernel is kernels/slstm.h. It tracks
// states that layers which run in parallel over time cannot, parity for instance. A step, from x
// and the h', c', n' and m' of the step before, each of i, f, z and o with weights of its own (in
// R, units see h' of their own head):
//   i, f, o = x W + h' R + b                          z = activation(x W + h' R + b)
//   m = max(log forget_activation(f) + m', i)         o = recurrent_activation(o)
//   c = exp(log forget_activation(f) + m' - m) c' + exp(i - m) z
//   n = exp(log forget_activation(f) + m' - m) n' + exp(i - m)
//   h = o c / n
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Names and order as the LSTM's; fields() says what each option is.
struct SLSTMOptions {
  std::int64_t units = 0;
  std::int64_t heads = 1;
  chronicler::Activation activation = "tanh";
  chronicler::Activation recurrent_activation = "sigmoid";
  std::string forget_activation = "sigmoid";
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
    using Options = SLSTMOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of each state",
          {.is_required = true});
    visit("heads", &Options::heads, at_least(1),
          "parts of the units, equal in size, which see no other part's previous output");
    visit("activation", &Options::activation, any_value(), "function of the candidate");
    visit("recurrent_activation", &Options::recurrent_activation, any_value(),
          "function of the output gate");
    visit("forget_activation", &Options::forget_activation, one_of({"sigmoid", "exponential"}),
          "function of the forget gate");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_recurrent_dropout_fields<Options>(visit);
    visit_seed_field<Options>(visit);
    visit_loop_fields<Options>(visit);
    visit_masked_output_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial states h, c, n and m, each (B, units), to the last
// h (B, units) or with return_sequences all of them (B, T, units); with return_state also h, c, n
// and m. Weights, gate blocks input, forget, candidate, output: kernel (F, 4 units),
// recurrent_kernel (units / heads, 4 units), whose column of a unit meets the h' of its head, and
// bias (4 units). States of zeros are the beginning: there m' counts for nothing.
LayerPtr SLSTM(const SLSTMOptions& options);

}  // namespace chronicler::layers
