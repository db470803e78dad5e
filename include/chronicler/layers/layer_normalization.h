// LayerNormalization: Ba, Kiros and Hinton 2016.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct LayerNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};  // the last axes, or the last one
  double epsilon = 1e-3;
  bool center = true;        // adds beta
  bool scale = true;         // multiplies by gamma
  bool rms_scaling = false;  // divides by the standard deviation alone: no mean, no beta
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
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

// Each sample (and step) by itself: (x - mean) / sqrt(variance + epsilon) * gamma + beta, moments
// over the axes. Weights: gamma, beta, of the shape of the axes.
LayerPtr LayerNormalization(const LayerNormalizationOptions& options = {});

}  // namespace chronicler::layers
