// Layers that make one of several inputs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/layers/option_fields.h"

namespace chronicler::layers {

struct MergeOptions {
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit_shared_fields<MergeOptions>(visit);
  }
};
// Number by number over two inputs or more (Subtract: exactly two), of one shape or with extents of
// 1 that are repeated. A step counts if it does in any input; without a mask on one of them all do.
LayerPtr Add(const MergeOptions& options = {});
LayerPtr Subtract(const MergeOptions& options = {});
LayerPtr Multiply(const MergeOptions& options = {});
LayerPtr Average(const MergeOptions& options = {});
LayerPtr Maximum(const MergeOptions& options = {});
LayerPtr Minimum(const MergeOptions& options = {});

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
// Side by side along an axis; the other extents are equal.
LayerPtr Concatenate(const ConcatenateOptions& options = {});

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
    visit("axes", &Options::axes, numbers(1, 2),
          "axis of the sums: one for both inputs, or one for each; not the batch",
          {.is_required = true});
    visit("normalize", &Options::normalize, any_value(),
          "vectors along the axes get length 1 first: cosine");
    visit_shared_fields<Options>(visit);
  }
};
// Sums of products over an axis of each of two inputs: (B, T, D) and (B, S, D) with axes {2, 2} to
// (B, T, S); (B, D) and (B, D) to (B, 1).
LayerPtr Dot(const DotOptions& options);

}  // namespace chronicler::layers
