// Several inputs as one: side by side along an axis.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct ConcatenateOptions {
  std::int64_t axis = -1;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ConcatenateOptions;
    visit("axis", &Options::axis, any_value(), "axis along which inputs are put side by side");
    visit_shared_fields<Options>(visit);
  }
};
// All extents but that of the axis are equal.
LayerPtr Concatenate(const ConcatenateOptions& options = {});

}  // namespace chronicler::layers
