// Layers that make one of several inputs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct MergeOptions {
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
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
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Side by side along an axis; the other extents are equal.
LayerPtr Concatenate(const ConcatenateOptions& options = {});

struct DotOptions {
  std::vector<std::int64_t> axes = {};  // one for both inputs, or one for each; not the batch
  bool normalize = false;               // vectors along the axes get length 1 first: cosine
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Sums of products over an axis of each of two inputs: (B, T, D) and (B, S, D) with axes {2, 2} to
// (B, T, S); (B, D) and (B, D) to (B, 1).
LayerPtr Dot(const DotOptions& options);

}  // namespace chronicler::layers
