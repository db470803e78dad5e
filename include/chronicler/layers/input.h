// Input: the shape of what a model is given.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct InputOptions {
  Shape shape = {};                             // of one sample: (T, F); None where it varies
  std::optional<std::int64_t> batch_size = {};  // needed by stateful layers
  std::string dtype = "float32";                // "int32" for ids
  std::string name = {};
};

// Keras's Input (class InputLayer). Passes its data on unchanged.
LayerPtr Input(const InputOptions& options);
LayerPtr Input(const Shape& shape);

}  // namespace chronicler::layers
