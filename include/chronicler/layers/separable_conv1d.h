// SeparableConv1D: a DepthwiseConv1D, then a product over the features of each step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct SeparableConv1DOptions {
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  std::vector<std::int64_t> dilation_rate = {1};
  std::int64_t depth_multiplier = 1;
  chronicler::Activation activation = "linear";
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer pointwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer pointwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint pointwise_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = SeparableConv1DOptions;
    visit("filters", &Options::filters, at_least(1), "channels of the output",
          {.is_required = true});
    visit("kernel_size", &Options::kernel_size, one_number(at_least(1)), "steps of the window",
          {.is_required = true});
    visit("strides", &Options::strides, one_number(at_least(1)),
          "steps from one window to the next");
    visit("padding", &Options::padding, one_of({"valid", "same", "causal"}),
          "valid: none; same: on both sides, more behind; causal, of Keras 2: all in front");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit("dilation_rate", &Options::dilation_rate, one_number(at_least(1)),
          "steps from one number of the window to the next");
    visit("depth_multiplier", &Options::depth_multiplier, between(1, 1 << 20),
          "sums of each feature");
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit("depthwise_initializer", &Options::depthwise_initializer, any_value(),
          "first values of the depthwise kernel");
    visit("pointwise_initializer", &Options::pointwise_initializer, any_value(),
          "first values of the pointwise kernel");
    visit("bias_initializer", &Options::bias_initializer, any_value(), "first values of the bias");
    visit("depthwise_regularizer", &Options::depthwise_regularizer, any_value(),
          "penalty on the depthwise kernel");
    visit("pointwise_regularizer", &Options::pointwise_regularizer, any_value(),
          "penalty on the pointwise kernel");
    visit("bias_regularizer", &Options::bias_regularizer, any_value(), "penalty on the bias");
    visit("activity_regularizer", &Options::activity_regularizer, any_value(),
          "penalty on the output");
    visit("depthwise_constraint", &Options::depthwise_constraint, any_value(),
          "what the depthwise kernel is held to");
    visit("pointwise_constraint", &Options::pointwise_constraint, any_value(),
          "what the pointwise kernel is held to");
    visit("bias_constraint", &Options::bias_constraint, any_value(), "what the bias is held to");
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to (B, T', filters). Weights: depthwise_kernel (kernel_size, F, depth_multiplier),
// pointwise_kernel (1, F depth_multiplier, filters), bias (filters). Streams and masks as Conv1D.
LayerPtr SeparableConv1D(const SeparableConv1DOptions& options);

}  // namespace chronicler::layers
