// GroupNormalization: groups of features with mean 0 and variance 1, Wu and He 2018.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct GroupNormalizationOptions {
  std::int64_t groups = 32;
  std::int64_t axis = -1;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
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
    using Options = GroupNormalizationOptions;
    visit("groups", &Options::groups, at_least(-1),
          "groups of features; -1: each feature by itself");
    visit("axis", &Options::axis, any_value(), "axis of the features");
    visit("epsilon", &Options::epsilon, above(0.0), "added to the variance");
    visit("center", &Options::center, any_value(), "adds beta");
    visit("scale", &Options::scale, any_value(), "multiplies by gamma");
    visit("beta_initializer", &Options::beta_initializer, any_value(), "first values of beta");
    visit("gamma_initializer", &Options::gamma_initializer, any_value(), "first values of gamma");
    visit("beta_regularizer", &Options::beta_regularizer, any_value(), "penalty on beta");
    visit("gamma_regularizer", &Options::gamma_regularizer, any_value(), "penalty on gamma");
    visit("beta_constraint", &Options::beta_constraint, any_value(), "what beta is held to");
    visit("gamma_constraint", &Options::gamma_constraint, any_value(), "what gamma is held to");
    visit_shared_fields<Options>(visit);
  }
};

// (x - mean) / sqrt(variance + epsilon) * gamma + beta, moments over all steps and the features of
// a group, for each sample and group. Weights: gamma, beta, one number a feature. A mask passes,
// but all steps count.
LayerPtr GroupNormalization(const GroupNormalizationOptions& options = {});

}  // namespace chronicler::layers
