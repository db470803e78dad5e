// Masking: steps that hold nothing but one value do not count.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct MaskingOptions {
  double mask_value = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = MaskingOptions;
    visit("mask_value", &Options::mask_value, any_value(),
          "steps of which all numbers are this are masked");
    visit_shared_fields<Options>(visit);
  }
};

// (B, T, F) to the same, with the mask any(x != mask_value, axis=-1); masked steps become 0.
LayerPtr Masking(const MaskingOptions& options = {});

}  // namespace chronicler::layers
