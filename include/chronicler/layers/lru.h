// LRU: the linear recurrent unit (Orvieto et al. 2023, arXiv 2303.06349), all of whose steps are
// computed at once. A step, from x and the complex h' of the step before, number by number:
//   h = lambda h' + e^gamma (x B)      lambda = e^(-e^nu + i e^theta)
//   y = Re(h C) + x D + b
// Each number of h turns by its own angle and fades by its own factor, the same at every step. What
// is to depend on the input needs layers around it: an activation, or a gate.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/scan_fields.h"

namespace chronicler::layers {

// Names and defaults are those of Keras's recurrent layers where they have them; fields() says what
// each option is.
struct LRUOptions {
  std::int64_t units = 0;
  std::optional<std::int64_t> state_size = {};
  bool use_skip = true;
  bool use_bias = true;
  double r_min = 0.9;
  double r_max = 0.999;
  double max_phase = 6.283185307179586;
  Initializer output_initializer = "glorot_uniform";
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
    using Options = LRUOptions;
    visit("units", &Options::units, at_least(1), "numbers of the output", {.is_required = true});
    visit("state_size", &Options::state_size, at_least(1), "complex numbers of the state",
          {.default_text = "units"});
    visit("use_skip", &Options::use_skip, any_value(),
          "the input goes into the output directly as well");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias to the output");
    visit("r_min", &Options::r_min, between(0.0, 0.999999),
          "the least absolute value of lambda at the start");
    visit("r_max", &Options::r_max, between(0.0, 0.999999), "the largest of them");
    visit("max_phase", &Options::max_phase, between(1e-3, 6.283185307179586),
          "the largest angle of lambda at the start, in radians");
    visit("output_initializer", &Options::output_initializer, any_value(),
          "first values of what the state and the input are multiplied by for the output");
    visit_weight_fields<Options>(visit);
    visit_scan_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F), optionally followed by the initial states, to the last y (B, units) or with
// return_sequences all of them (B, T, units); with return_state also the states: real and imaginary
// part of h, each (B, state_size), and the last y (B, units), which a masked step repeats. Weights:
// kernel (F, 2 state_size), B's real and imaginary parts; nu, theta and gamma (state_size);
// output_kernel (2 state_size, units), C's real parts and its imaginary parts times -1; skip_kernel
// (F, units), D; bias (units). lambda starts evenly spread over the ring from r_min to r_max: what
// a number holds is halved in 7 to 700 steps, and so is the gradient. e^gamma starts at sqrt(1 -
// |lambda|^2), so that h is of the size of x B.
LayerPtr LRU(const LRUOptions& options);

}  // namespace chronicler::layers
