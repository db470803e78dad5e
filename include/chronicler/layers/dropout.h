// Dropout: while training, sets some inputs to zero (Srivastava et al. 2014), the others times 1 /
// (1 - rate). AlphaDropout: the same for selu, whose lowest value it sets them to.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct DropoutOptions {
  double rate = 0.0;       // in [0, 1)
  Shape noise_shape = {};  // extents of 1 share a draw along their axis; rank 0: none do
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// Any shape to the same shape. The draws depend on seed and training step only: no mask is stored.
LayerPtr Dropout(const DropoutOptions& options);

struct AlphaDropoutOptions {
  double rate = 0.0;       // in [0, 1)
  Shape noise_shape = {};  // as Dropout's
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Klambauer et al. 2017: a x + b, or a d + b where x is dropped, d the lowest value of selu; a and
// b keep mean 0 and variance 1.
LayerPtr AlphaDropout(const AlphaDropoutOptions& options);

}  // namespace chronicler::layers
