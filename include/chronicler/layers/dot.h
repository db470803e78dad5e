// Sums of products of two inputs along an axis of each: keras.layers.Dot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct DotOptions {
  std::vector<std::int64_t> axes = {};
  bool normalize = false;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = DotOptions;
    visit("axes", &Options::axes, number_list(1, 2),
          "axis of the sums: one for both inputs, or one for each; not the batch",
          {.is_required = true});
    visit("normalize", &Options::normalize, any_value(),
          "vectors along the axes get length 1 first: cosine");
    visit_shared_fields<Options>(visit);
  }
};
// (B, T, D) and (B, S, D) with axes {2, 2} to (B, T, S); (B, D) and (B, D) to (B, 1).
LayerPtr Dot(const DotOptions& options);

}  // namespace chronicler::layers
