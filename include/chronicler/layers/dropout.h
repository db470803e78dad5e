// Dropout: while training, sets some inputs to zero (Srivastava et al. 2014), the others times 1 /
// (1 - rate).
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct DropoutOptions {
  double rate = 0.0;  // in [0, 1)
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// Any shape to the same shape. The draws depend on seed and training step only: no mask is stored.
LayerPtr Dropout(const DropoutOptions& options);

}  // namespace chronicler::layers
