// Reshape, Permute and RepeatVector: the same numbers in another order or shape.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct ReshapeOptions {
  std::vector<std::int64_t> target_shape = {};  // of a sample; one extent may be -1: what is left
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
LayerPtr Reshape(const ReshapeOptions& options);

struct PermuteOptions {
  std::vector<std::int64_t> dims = {};  // {2, 1} exchanges the first two axes after the batch
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
LayerPtr Permute(const PermuteOptions& options);

struct RepeatVectorOptions {
  std::int64_t n = 0;  // at least 1
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, F) to (B, n, F).
LayerPtr RepeatVector(const RepeatVectorOptions& options);
LayerPtr RepeatVector(std::int64_t n);

}  // namespace chronicler::layers
