// Dense: y = activation(x W + b) over the last axis.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct DenseOptions {
  std::int64_t units = 0;
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
    using Options = DenseOptions;
    visit("units", &Options::units, at_least(1), "numbers on the last axis of the output",
          {.is_required = true});
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("use_bias", &Options::use_bias, any_value(), "adds a bias");
    visit_weight_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// (B, ..., F) to (B, ..., units). Weights: kernel (F, units), bias (units).
LayerPtr Dense(const DenseOptions& options);

}  // namespace chronicler::layers
