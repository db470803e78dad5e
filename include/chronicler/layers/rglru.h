// RGLRU: the real-gated linear recurrent unit (De et al. 2024, arXiv 2402.19427), all of whose
// steps are computed at once. A step, from x and the h' of the step before:
//   r = sigmoid(x W_r + b_r)      i = sigmoid(x W_i + b_i)      a = sigmoid(decay) ^ (8 r)
//   h = a h' + sqrt(1 - a^2) i (x W + b)
// With `negative` a is 2 sigmoid(decay) ^ (8 r) - 1, down to -1: such a unit can change its sign at
// every step, and so tell parity (Grazzi et al. 2025, arXiv 2411.12537).
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/scan_fields.h"

namespace chronicler::layers {

// Names and defaults are those of Keras's recurrent layers; fields() says what each option is.
struct RGLRUOptions {
  std::int64_t units = 0;
  bool use_bias = true;
  bool negative = false;
  std::optional<double> decay_min = {};
  std::optional<double> decay_max = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  double dropout = 0.0;
  std::optional<std::int64_t> seed = {};
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = RGLRUOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of the state",
          {.is_required = true});
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit("negative", &Options::negative, any_value(), "a goes from -1 to 1, not from 0");
    visit("decay_min", &Options::decay_min, between(1e-6, 0.999999),
          "the least of sigmoid(decay) ^ 8 at the start, which the values are drawn from",
          {.default_text = "0.9, or 0.001 where a may be negative"});
    visit("decay_max", &Options::decay_max, between(1e-6, 0.999999), "the largest of them",
          {.default_text = "0.999"});
    visit_weight_fields<Options>(visit);
    visit_scan_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial state h (B, units), to the last h (B, units) or
// with return_sequences all of them (B, T, units); with return_state also h. Weights, blocks
// recurrence gate, input gate and candidate: kernel (F, 3 units), bias (3 units), decay (units),
// which starts so that sigmoid(decay) ^ 8, the a of an open gate, is uniform from 0.9 to 0.999:
// half of what a unit holds is there after 13 to 1,400 steps at half open gates, and so is the
// gradient.
LayerPtr RGLRU(const RGLRUOptions& options);

}  // namespace chronicler::layers
