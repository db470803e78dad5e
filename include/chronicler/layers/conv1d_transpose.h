// Conv1DTranspose: what leads from the outputs of a Conv1D back to its inputs, as a layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct Conv1DTransposeOptions {
  std::int64_t filters = 0;                    // at least 1
  std::vector<std::int64_t> kernel_size = {};  // one number of steps
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";  // "valid" or "same"
  // Steps added behind, fewer than strides; not given: T * strides steps for "same", all that any
  // window reaches for "valid".
  std::vector<std::int64_t> output_padding = {};
  std::string data_format = "channels_last";  // (B, T, F); or "channels_first", (B, F, T)
  std::vector<std::int64_t> dilation_rate = {1};
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
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (B, T, F) to (B, T', filters): step t adds x[t] times the kernel to kernel_size steps from
// t * strides on. Weights: kernel (kernel_size, filters, F), bias (filters). Masks end here.
LayerPtr Conv1DTranspose(const Conv1DTransposeOptions& options);

}  // namespace chronicler::layers
