// Activation: an activation function as a layer.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct ActivationOptions {
  chronicler::Activation activation = "linear";
  Regularizer activity_regularizer = {};
  double threshold = 0.0;
  double default_value = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ActivationOptions;
    visit("activation", &Options::activation, any_value(), "the function: tanh, relu, softmax");
    visit("activity_regularizer", &Options::activity_regularizer, any_value(),
          "penalty on the output");
    visit("threshold", &Options::threshold, any_value(),
          "of the activation threshold: larger numbers stay", {.is_extra = true});
    visit("default_value", &Options::default_value, any_value(),
          "of the activation threshold: what the others become", {.is_extra = true});
    visit_shared_fields<Options>(visit);
  }
};

// Any shape to the same shape; softmax and its kin work along the last axis. "glu" halves the last
// axis: the first half, times the sigmoid of the second.
LayerPtr Activation(const ActivationOptions& options);
LayerPtr Activation(const std::string& activation);

}  // namespace chronicler::layers
