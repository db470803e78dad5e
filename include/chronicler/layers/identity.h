// Layers that hand on what they get: Identity, and ActivityRegularization, which adds a penalty.
#pragma once

#include <optional>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler::layers {

struct IdentityOptions {
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
LayerPtr Identity(const IdentityOptions& options = {});

// Keras's names, order and defaults.
struct ActivityRegularizationOptions {
  double l1 = 0.0;  // times the sum of the absolute values
  double l2 = 0.0;  // times the sum of the squares
  std::string name = {};
  bool trainable = true;
  std::string dtype = "float32";
  OptionalShape input_shape = {};
  std::optional<std::int64_t> batch_size = {};
};
// The penalty is divided by the rows of the batch, as that of every activity_regularizer.
LayerPtr ActivityRegularization(const ActivityRegularizationOptions& options = {});

}  // namespace chronicler::layers
