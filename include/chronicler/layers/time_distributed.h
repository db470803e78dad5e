// TimeDistributed: one layer applied to every step.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct TimeDistributedOptions {
  LayerPtr layer = {};
  std::string name = {};
  bool trainable = true;
  std::string dtype = {};  // empty: that of `layer`
  std::optional<Shape> input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

// (B, T, ...) to (B, T, ...): all steps of all rows are one batch for the layer, which must have
// one input and one output and carry no states.
LayerPtr TimeDistributed(const TimeDistributedOptions& options);
LayerPtr TimeDistributed(const LayerPtr& layer);

}  // namespace chronicler::layers
