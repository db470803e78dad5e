// Normalization and Rescaling: the scale of data as a layer, so that a model takes them as they
// are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct NormalizationOptions {
  // Each place along these has a mean and a variance of its own; none: one of each for all numbers.
  std::vector<std::int64_t> axis = {-1};
  bool invert = false;  // back from what was normalized
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (x - mean) / sqrt(variance). Weights, which training leaves as they are: mean and variance (the
// extents of the axes), and count, which is Keras's and is not used.
LayerPtr Normalization(const NormalizationOptions& options = {});
// Takes the means and variances of these data, (samples, ...). Throws Error for another layer.
void adapt(Layer& normalization, const Tensor& data);

struct RescalingOptions {
  double scale = 1.0;
  double offset = 0.0;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// x * scale + offset.
LayerPtr Rescaling(const RescalingOptions& options);

}  // namespace chronicler::layers
