// Conv1D: a window that slides over the steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct Conv1DOptions {
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";
  std::string data_format = "channels_last";
  std::vector<std::int64_t> dilation_rate = {1};
  std::int64_t groups = 1;
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

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = Conv1DOptions;
    visit("filters", &Options::filters, at_least(1), "channels of the output, a multiple of groups",
          {.is_required = true});
    visit("kernel_size", &Options::kernel_size, one_number(at_least(1)), "steps of the window",
          {.is_required = true});
    visit("strides", &Options::strides, one_number(at_least(1)),
          "steps from one window to the next");
    visit("padding", &Options::padding, one_of({"valid", "same", "causal"}),
          "valid: none; same: on both sides, more behind; causal: all in front");
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit("dilation_rate", &Options::dilation_rate, one_number(at_least(1)),
          "steps from one number of the window to the next");
    visit("groups", &Options::groups, at_least(1),
          "parts of the channels, each with filters of its own");
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to (B, T', filters); a cross-correlation, as everywhere. Weights: kernel (kernel_size,
// F / groups, filters), bias (filters). A causal one with strides 1 can be streamed: its state is
// the last steps of its input. Masks end here.
LayerPtr Conv1D(const Conv1DOptions& options);

}  // namespace chronicler::layers
