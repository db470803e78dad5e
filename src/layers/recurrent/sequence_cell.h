// A cell that is run over whole sequences in a quicker way than step by step.
#pragma once

#include "chronicler/layers/layer.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {

class SequenceCell {
 public:
  virtual ~SequenceCell() = default;

  // A layer around the weights of the cell, which is built: (B, T, F), optionally followed by the
  // initial states, to what an RNN with these flags gives. The weights learn while both the loop
  // and the cell do. `loop` and the cell outlive it.
  virtual LayerPtr over_sequences(const Layer& loop, const LoopFlags& flags) const = 0;
  // The steps of so many rows whose parts in gradients that layer sums together (keep_plan.h).
  virtual std::int64_t steps_together(std::int64_t rows) const = 0;

 protected:
  SequenceCell() = default;
  SequenceCell(const SequenceCell&) = default;
  SequenceCell& operator=(const SequenceCell&) = default;
};

}  // namespace chronicler
