// EinsumDense: a product of the input and a kernel along axes that an equation names.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

// Keras's names, order and defaults; fields() says what each option is.
struct EinsumDenseOptions {
  std::string equation = {};
  Shape output_shape = {};
  chronicler::Activation activation = "linear";
  std::optional<std::string> bias_axes = {};
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
    using Options = EinsumDenseOptions;
    visit("equation", &Options::equation, any_value(),
          "axes of input, kernel and output as letters: abc,cd->abd", {.is_required = true});
    visit("output_shape", &Options::output_shape, any_value(),
          "extents of the output without the batch; None: as in the input", {.is_required = true});
    visit("activation", &Options::activation, any_value(), "function of the sums");
    visit("bias_axes", &Options::bias_axes, any_value(),
          "letters of the output that the bias has; none: no bias");
    visit_weight_fields<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// The equation names each axis by a letter, the first of which is the batch; "..." stands for all
// others, at the front or the end of both input and output, and has no extent in output_shape.
// activation(sum of input times kernel, over the letters that the output lacks, + bias). Weights:
// kernel, of the extents of its letters; bias, of those of bias_axes and 1 for letters between and
// behind. Masks end here.
LayerPtr EinsumDense(const EinsumDenseOptions& options);

}  // namespace chronicler::layers
