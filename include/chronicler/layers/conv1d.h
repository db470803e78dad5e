// Conv1D: a window that slides over the steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

// Keras's names, order and defaults.
struct Conv1DOptions {
  std::int64_t filters = 0;                    // at least 1
  std::vector<std::int64_t> kernel_size = {};  // one number of steps
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";  // "valid", "same" (more on the right), "causal" (all on the left)
  std::string data_format = "channels_last";  // (B, T, F); nothing else
  std::vector<std::int64_t> dilation_rate = {1};
  std::int64_t groups = 1;  // of channels, each with filters of its own
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

// (B, T, F) to (B, T', filters); a cross-correlation, as everywhere. Weights: kernel (kernel_size,
// F / groups, filters), bias (filters). A causal one with strides 1 can be streamed: its state is
// the last steps of its input. Masks end here.
LayerPtr Conv1D(const Conv1DOptions& options);

}  // namespace chronicler::layers
