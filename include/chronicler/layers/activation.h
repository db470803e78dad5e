// Activation: an activation function as a layer.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct ActivationOptions {
  chronicler::Activation activation = "linear";
  Regularizer activity_regularizer = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// Any shape to the same shape; softmax and its kin work along the last axis.
LayerPtr Activation(const ActivationOptions& options);
LayerPtr Activation(const std::string& activation);

}  // namespace chronicler::layers
