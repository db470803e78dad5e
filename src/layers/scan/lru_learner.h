// How LRU learns along a stream: exactly, as no number of its state sees another.
#pragma once

#include <memory>

#include "layers/core/learner.h"

namespace chronicler {

struct LruLearnerSizes {
  std::int64_t state_size = 0;
  std::int64_t units = 0;
  bool use_skip = true;
  bool use_bias = true;
};

// Zucchet et al., "Online learning of long-range dependencies" (2023). Two numbers are carried for
// each weight by way of the state: of its real part and of its imaginary part. The layer's weights
// are those of chronicler/layers/lru.h; state: real parts, imaginary parts, the last outputs.
std::unique_ptr<LayerLearner> make_lru_learner(const Layer& layer, const LruLearnerSizes& sizes,
                                               State& state);

}  // namespace chronicler
