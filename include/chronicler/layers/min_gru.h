// MinGRU: the gated recurrent unit whose gate looks at the input only, so that all steps of a
// sequence are computed at once (Feng et al. 2024, arXiv 2410.01201). A step, from x and the h' of
// the step before:
//   z = sigmoid(x W_z + b_z)      h = (1 - z) h' + z (x W + b)
// With steps that only add up and fade, it cannot count modulo a number, or tell parity.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/scan_fields.h"

namespace chronicler::layers {

// Names and defaults are those of Keras's recurrent layers; fields() says what each option is.
struct MinGRUOptions {
  std::int64_t units = 0;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::optional<std::int64_t> t_max = {};
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
    using Options = MinGRUOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output, and of the state",
          {.is_required = true});
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit("t_max", &Options::t_max, at_least(2),
          "the update gate's bias starts so that units remember for 1 to t_max steps: Tallec and "
          "Ollivier 2018");
    visit_scan_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial state h (B, units), to the last h (B, units) or
// with return_sequences all of them (B, T, units); with return_state also h. Weights, blocks update
// gate and candidate: kernel (F, 2 units), bias (2 units). The update gate's bias starts at -1, or
// with t_max at -log(U(1, t_max - 1)), whatever bias_initializer says: where the gate starts half
// open, h loses half of what it was at each step, and so does the gradient.
LayerPtr MinGRU(const MinGRUOptions& options);

}  // namespace chronicler::layers
