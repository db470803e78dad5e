// BatchNormalization: Ioffe and Szegedy 2015.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct BatchNormalizationOptions {
  std::int64_t axis = -1;  // of the features
  double momentum = 0.99;  // of the moving averages
  double epsilon = 1e-3;
  bool center = true;  // adds beta
  bool scale = true;   // multiplies by gamma
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
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (x - mean) / sqrt(variance + epsilon) * gamma + beta, each feature by itself. While training, the
// moments are those of the batch (of the steps that count, if there is a mask), and the moving
// averages follow them; otherwise, and for a frozen layer, they are the moving averages. Weights:
// gamma, beta, moving_mean, moving_variance; the last two are not trained.
LayerPtr BatchNormalization(const BatchNormalizationOptions& options = {});

}  // namespace chronicler::layers
