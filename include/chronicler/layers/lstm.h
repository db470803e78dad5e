// LSTM: long short-term memory, Hochreiter and Schmidhuber 1997; its kernel is kernels/lstm.h. A
// step, from x and the h' and c' of the step before, each of i, f, g and o with weights of its
// own:
//   i, f, o = recurrent_activation(x W + h' U + b)   g = activation(x W + h' U + b)
//   c = f c' + i g                                   h = o activation(c)
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct LSTMOptions {
  std::int64_t units = 0;
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
  bool layer_normalization = false;
  bool peepholes = false;
  std::int64_t projection = 0;
  double zoneout_hidden = 0.0;
  double zoneout_cell = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = LSTMOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of each state",
          {.is_required = true});
    visit("activation", &Options::activation, any_value(), "function of candidate and state");
    visit("recurrent_activation", &Options::recurrent_activation, any_value(),
          "function of the gates");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_recurrent_dropout_fields<Options>(visit);
    visit_seed_field<Options>(visit);
    visit_loop_fields<Options>(visit);
    visit_masked_output_field<Options>(visit);
    visit("layer_normalization", &Options::layer_normalization, any_value(),
          "of x W, h U and the cell: Ba, Kiros and Hinton 2016", {.is_extra = true});
    visit("peepholes", &Options::peepholes, any_value(),
          "the gates see the cell: Gers and Schmidhuber 2000", {.is_extra = true});
    visit("projection", &Options::projection, at_least(0),
          "numbers of h, or 0 for units: Sak, Senior and Beaufays 2014", {.is_extra = true});
    visit("zoneout_hidden", &Options::zoneout_hidden, share_below(1.0),
          "chance in training that a number of h keeps its value: Krueger et al. 2017",
          {.is_extra = true});
    visit("zoneout_cell", &Options::zoneout_cell, share_below(1.0), "the same for the cell",
          {.is_extra = true});
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial states h and c, each (B, units), to the last h
// (B, units) or with return_sequences all of them (B, T, units); with return_state also h and c.
// Weights, gate blocks input, forget, candidate, output: kernel (F, 4 units), recurrent_kernel
// (units, 4 units), bias (4 units); with variants then peephole_kernel (3, units),
// projection_kernel (units, projection), kernel_gamma and recurrent_gamma (4 units), cell_gamma
// and cell_beta (units). With a projection h, the output and the rows of recurrent_kernel are
// that wide. Variants train on one step at a time, several times slower than the plain layer.
LayerPtr LSTM(const LSTMOptions& options);

}  // namespace chronicler::layers
