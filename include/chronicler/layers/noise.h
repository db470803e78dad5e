// Noise while training: SpatialDropout1D, GaussianNoise and GaussianDropout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct SpatialDropout1DOptions {
  double rate = 0.0;  // in [0, 1)
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// (B, T, F) to the same: drops whole features of a sequence, at all of its steps.
LayerPtr SpatialDropout1D(const SpatialDropout1DOptions& options);

struct GaussianNoiseOptions {
  double stddev = 0.0;  // at least 0
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Adds normal noise of that standard deviation.
LayerPtr GaussianNoise(const GaussianNoiseOptions& options);

struct GaussianDropoutOptions {
  double rate = 0.0;  // in [0, 1)
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Multiplies by normal noise around 1 of the variance that Dropout's factors have, rate / (1 -
// rate).
LayerPtr GaussianDropout(const GaussianDropoutOptions& options);

}  // namespace chronicler::layers
