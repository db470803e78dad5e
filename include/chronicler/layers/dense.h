// Dense: y = activation(x W + b) over the last axis.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct DenseOptions {
  std::int64_t units = 0;  // at least 1
  chronicler::Activation activation = "linear";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (B, ..., F) to (B, ..., units). Weights: kernel (F, units), bias (units).
LayerPtr Dense(const DenseOptions& options);

}  // namespace chronicler::layers
