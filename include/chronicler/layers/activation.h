// Activation: an activation function as a layer.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct ActivationOptions {
  chronicler::Activation activation = "linear";
  Regularizer activity_regularizer = {};
  // Of "threshold": x where it is above, else the value. Keras has the function, but no way to give
  // a layer its settings: files name them only where they are not 0.
  double threshold = 0.0;
  double default_value = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// Any shape to the same shape; softmax and its kin work along the last axis. "glu" halves the last
// axis: the first half, times the sigmoid of the second.
LayerPtr Activation(const ActivationOptions& options);
LayerPtr Activation(const std::string& activation);

}  // namespace chronicler::layers
