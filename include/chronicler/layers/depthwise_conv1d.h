// DepthwiseConv1D: a window that slides over the steps of each feature by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct DepthwiseConv1DOptions {
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";
  std::int64_t depth_multiplier = 1;
  std::string data_format = "channels_last";
  std::vector<std::int64_t> dilation_rate = {1};
  chronicler::Activation activation = "linear";
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = DepthwiseConv1DOptions;
    visit("kernel_size", &Options::kernel_size, one_number(at_least(1)), "steps of the window",
          {.is_required = true});
    visit("strides", &Options::strides, one_number(at_least(1)),
          "steps from one window to the next");
    visit("padding", &Options::padding, one_of({"valid", "same", "causal"}),
          "valid: none; same: on both sides, more behind; causal, of Keras 2: all in front");
    visit("depth_multiplier", &Options::depth_multiplier, between(1, 1 << 20),
          "outputs of each feature");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit("dilation_rate", &Options::dilation_rate, one_number(at_least(1)),
          "steps from one number of the window to the next");
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit("depthwise_initializer", &Options::depthwise_initializer, any_value(),
          "first values of the kernel");
    visit("bias_initializer", &Options::bias_initializer, any_value(), "first values of the bias");
    visit("depthwise_regularizer", &Options::depthwise_regularizer, any_value(),
          "penalty on the kernel");
    visit("bias_regularizer", &Options::bias_regularizer, any_value(), "penalty on the bias");
    visit("activity_regularizer", &Options::activity_regularizer, any_value(),
          "penalty on the output");
    visit("depthwise_constraint", &Options::depthwise_constraint, any_value(),
          "what the kernel is held to");
    visit("bias_constraint", &Options::bias_constraint, any_value(), "what the bias is held to");
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to (B, T', F depth_multiplier), the outputs of a feature side by side. Weights: kernel
// (kernel_size, F, depth_multiplier), bias. Streams and masks as Conv1D.
LayerPtr DepthwiseConv1D(const DepthwiseConv1DOptions& options);

}  // namespace chronicler::layers
