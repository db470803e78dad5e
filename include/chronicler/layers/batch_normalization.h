// BatchNormalization: each feature with mean 0 and variance 1 over the batch, Ioffe and Szegedy
// 2015.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct BatchNormalizationOptions {
  std::int64_t axis = -1;
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Initializer moving_mean_initializer = "zeros";
  Initializer moving_variance_initializer = "ones";
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
    using Options = BatchNormalizationOptions;
    visit("axis", &Options::axis, any_value(), "axis of the features");
    visit("momentum", &Options::momentum, between(0.0, 1.0),
          "of the moving averages: how much of the old one stays");
    visit("epsilon", &Options::epsilon, above(0.0), "added to the variance");
    visit("center", &Options::center, any_value(), "adds beta");
    visit("scale", &Options::scale, any_value(), "multiplies by gamma");
    visit("beta_initializer", &Options::beta_initializer, any_value(), "first values of beta");
    visit("gamma_initializer", &Options::gamma_initializer, any_value(), "first values of gamma");
    visit("moving_mean_initializer", &Options::moving_mean_initializer, any_value(),
          "first values of the moving mean");
    visit("moving_variance_initializer", &Options::moving_variance_initializer, any_value(),
          "first values of the moving variance");
    visit("beta_regularizer", &Options::beta_regularizer, any_value(), "penalty on beta");
    visit("gamma_regularizer", &Options::gamma_regularizer, any_value(), "penalty on gamma");
    visit("beta_constraint", &Options::beta_constraint, any_value(), "what beta is held to");
    visit("gamma_constraint", &Options::gamma_constraint, any_value(), "what gamma is held to");
    visit_shared_fields<Options>(visit);
  }
};

// (x - mean) / sqrt(variance + epsilon) * gamma + beta, each feature by itself. While training, the
// moments are those of the batch (of the steps that count, if there is a mask), and the moving
// averages follow them; otherwise, and for a frozen layer, they are the moving averages. Weights:
// gamma, beta, moving_mean, moving_variance; the last two are not trained.
LayerPtr BatchNormalization(const BatchNormalizationOptions& options = {});

}  // namespace chronicler::layers
