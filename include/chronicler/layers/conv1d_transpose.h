// Conv1DTranspose: what leads from the outputs of a Conv1D back to its inputs, as a layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct Conv1DTransposeOptions {
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  std::string padding = "valid";
  std::vector<std::int64_t> output_padding = {};
  std::string data_format = "channels_last";
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
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = Conv1DTransposeOptions;
    visit("filters", &Options::filters, at_least(1), "channels of the output",
          {.is_required = true});
    visit("kernel_size", &Options::kernel_size, one_number(between(1, most_steps)),
          "steps of the window", {.is_required = true});
    visit("strides", &Options::strides, one_number(between(1, most_steps)),
          "steps of the output for one of the input");
    visit("padding", &Options::padding, one_of({"valid", "same"}),
          "valid: all steps that a window reaches; same: steps times strides");
    visit("output_padding", &Options::output_padding, one_number(at_least(0)),
          "steps added behind, fewer than strides", {.default_text = "none"});
    visit("data_format", &Options::data_format, one_of({"channels_last", "channels_first"}),
          "channels_last: (B, T, F); channels_first: (B, F, T)");
    visit("dilation_rate", &Options::dilation_rate, one_number(between(1, most_steps)),
          "steps from one number of the window to the next");
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to (B, T', filters): step t adds x[t] times the kernel to kernel_size steps from
// t * strides on. Weights: kernel (kernel_size, filters, F), bias (filters). Masks end here.
LayerPtr Conv1DTranspose(const Conv1DTransposeOptions& options);

}  // namespace chronicler::layers
