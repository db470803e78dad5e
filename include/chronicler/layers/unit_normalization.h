// UnitNormalization and RMSNormalization: each sample (and step) by itself, divided by its size.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct UnitNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};  // one, or several that are taken together
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// x / sqrt(sum of x x) along the axes; what is 0 stays so.
LayerPtr UnitNormalization(const UnitNormalizationOptions& options = {});

struct RMSNormalizationOptions {
  std::vector<std::int64_t> axis = {-1};  // the last one, or the last ones
  double epsilon = 1e-6;
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// Zhang and Sennrich 2019: x / sqrt(mean of x x + epsilon) * scale along the axes. Weight: scale,
// of the shape of the axes, which goes along the last axes of x, as in Keras. Masks end here.
LayerPtr RMSNormalization(const RMSNormalizationOptions& options = {});

}  // namespace chronicler::layers
