// A layer's part of exact learning along a stream: real-time recurrent learning (Williams and
// Zipser 1989), one sample at a time and without a window.
#pragma once

#include <cstdint>

#include "chronicler/layers/layer.h"

namespace chronicler {

// Works on the state that was given to make_learner, with the layer's weights where they are: an
// optimizer may move them between two steps. Numbers are of the layer's type.
class LayerLearner {
 public:
  virtual ~LayerLearner() = default;
  virtual std::int64_t outputs() const = 0;
  // Whether the gradient is all that backpropagation through the whole sequence would give, or
  // leaves out what passes through other units (SnAp-1).
  virtual bool exact() const = 0;

  // One step forward; x (features) and what is returned (outputs) last until the next step.
  // Besides, carries on how the state depends on the weights. Allocates nothing.
  virtual TensorView step(const TensorView& x) noexcept = 0;
  // A step that a mask leaves out: the state stays, and the outputs are those of the step before.
  virtual TensorView hold() noexcept = 0;
  // Adds to the parameters' gradients what the outputs of the last step say of all steps so far;
  // once a step. dx: empty, or where dLoss/dx of the last step goes: of that step alone, which is
  // what a layer below is to know within the step.
  virtual void learn(const TensorView& dy, const TensorView& dx) noexcept = 0;
  // The start of another sequence: zero state, nothing carried.
  virtual void reset() noexcept = 0;
  // Bytes of what is carried besides the state.
  virtual std::int64_t trace_bytes() const = 0;
};

}  // namespace chronicler
