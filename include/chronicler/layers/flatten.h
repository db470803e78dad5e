// Flatten: (B, ...) to (B, product of the rest).
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct FlattenOptions {
  std::string data_format = "channels_last";  // or "channels_first": axis 1 goes to the end first
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};

LayerPtr Flatten(const FlattenOptions& options = {});

}  // namespace chronicler::layers
