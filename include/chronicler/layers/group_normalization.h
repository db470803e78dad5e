// GroupNormalization: Wu and He 2018.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct GroupNormalizationOptions {
  std::int64_t groups = 32;  // of features; -1: each feature is one
  std::int64_t axis = -1;    // of the features
  double epsilon = 1e-3;
  bool center = true;  // adds beta
  bool scale = true;   // multiplies by gamma
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
};

// (x - mean) / sqrt(variance + epsilon) * gamma + beta, moments over all steps and the features of
// a group, for each sample and group. Weights: gamma, beta, one number a feature. A mask passes,
// but all steps count.
LayerPtr GroupNormalization(const GroupNormalizationOptions& options = {});

}  // namespace chronicler::layers
