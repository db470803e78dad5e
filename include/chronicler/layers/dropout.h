// Dropout, and AlphaDropout, which is for selu.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct DropoutOptions {
  double rate = 0.0;
  Shape noise_shape = {};
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = DropoutOptions;
    visit("rate", &Options::rate, share_below(1.0),
          "share of the inputs that become 0 in training; the others grow by 1 / (1 - rate)");
    visit("noise_shape", &Options::noise_shape, any_value(),
          "shape of the draws, the batch in front: an axis of 1 shares one draw, None is the "
          "extent of the input");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};

// While training, sets some inputs to zero, the others times 1 / (1 - rate): Srivastava et al.
// 2014. Any shape to the same shape. The draws depend on seed and training step only: no mask is
// stored.
LayerPtr Dropout(const DropoutOptions& options);

struct AlphaDropoutOptions {
  double rate = 0.0;
  Shape noise_shape = {};
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = AlphaDropoutOptions;
    visit("rate", &Options::rate, share_below(1.0),
          "share of the inputs that become the lowest value of selu in training");
    visit("noise_shape", &Options::noise_shape, any_value(),
          "shape of the draws, the batch in front: an axis of 1 shares one draw, None is the "
          "extent of the input");
    visit_seed_field<Options>(visit);
    visit_shared_fields<Options>(visit);
  }
};
// While training, sets some inputs to the lowest value of selu, d: Klambauer et al. 2017. The
// output is a x + b, or a d + b where x is dropped; a and b keep mean 0 and variance 1.
LayerPtr AlphaDropout(const AlphaDropoutOptions& options);

}  // namespace chronicler::layers
