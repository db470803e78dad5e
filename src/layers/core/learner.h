// A layer's part of exact learning along a stream: real-time recurrent learning (Williams and
// Zipser 1989), one sample at a time and without a window.
#pragma once

#include "chronicler/layers/layer.h"

namespace chronicler {

class LayerLearner {
 public:
  virtual ~LayerLearner() = default;
  virtual std::int64_t outputs() const = 0;
  // One step forward; x and what is returned last until the next step. Besides, carries on how the
  // state depends on the weights. Allocates nothing.
  virtual const float* step(const float* x) noexcept = 0;
  // Adds to the parameters' gradients what the outputs of the last step say of all steps so far.
  // dx: null, or where dLoss/dx of the last step goes.
  virtual void learn(const float* dy, float* dx) noexcept = 0;
};

}  // namespace chronicler
