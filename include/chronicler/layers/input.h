// Input: the shape of what a model is given.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct InputOptions {
  Shape shape = {};
  std::optional<std::int64_t> batch_size = {};
  std::string dtype = "float32";
  std::string name = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = InputOptions;
    visit("shape", &Options::shape, any_value(),
          "shape of one sample, without the batch; None where it varies");
    visit("batch_size", &Options::batch_size, at_least(1),
          "rows of every batch; stateful layers need it");
    visit("dtype", &Options::dtype, any_value(),
          "float32, float64, int32 for ids, or string for texts");
    visit("name", &Options::name, any_value(), "name in its model, and in files",
          {.default_text = "from the class: input_layer_1"});
  }
};

// Keras's Input (class InputLayer). Passes its data on unchanged.
LayerPtr Input(const InputOptions& options);
LayerPtr Input(const Shape& shape);

}  // namespace chronicler::layers
