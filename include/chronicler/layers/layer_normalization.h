// LayerNormalization: each sample with mean 0 and variance 1 over its features, Ba, Kiros and
// Hinton 2016.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct LayerNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  bool rms_scaling = false;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = LayerNormalizationOptions;
    visit("axis", &Options::axis, number_list(1, Shape::max_rank),
          "the last axes, or the last one");
    visit("epsilon", &Options::epsilon, above(0.0), "added to the variance");
    visit("center", &Options::center, any_value(), "adds beta");
    visit("scale", &Options::scale, any_value(), "multiplies by gamma");
    visit("rms_scaling", &Options::rms_scaling, any_value(),
          "divides by the root mean square alone: no mean, no beta");
    visit("beta_initializer", &Options::beta_initializer, any_value(), "first values of beta");
    visit("gamma_initializer", &Options::gamma_initializer, any_value(), "first values of gamma");
    visit("beta_regularizer", &Options::beta_regularizer, any_value(), "penalty on beta");
    visit("gamma_regularizer", &Options::gamma_regularizer, any_value(), "penalty on gamma");
    visit("beta_constraint", &Options::beta_constraint, any_value(), "what beta is held to");
    visit("gamma_constraint", &Options::gamma_constraint, any_value(), "what gamma is held to");
    visit_shared_fields<Options>(visit);
  }
};

// Each sample (and step) by itself: (x - mean) / sqrt(variance + epsilon) * gamma + beta, moments
// over the axes. Weights: gamma, beta, of the shape of the axes.
LayerPtr LayerNormalization(const LayerNormalizationOptions& options = {});

}  // namespace chronicler::layers
