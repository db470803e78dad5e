// A loss of a batch that is one of several parts: what it is made of.
#pragma once

#include "chronicler/training/loss.h"

namespace chronicler {

struct ReducedLoss {
  double sum = 0.0;      // of the weighted values
  double divisor = 0.0;  // of the batch: 1 for the reduction "sum"

  double value() const { return divisor == 0.0 ? 0.0 : sum * (1.0 / divisor); }
};

// As reduced_loss(), whose result is its value().
ReducedLoss reduce_loss(const Loss& loss, const LossInput& input, TensorView gradient, Arena& arena,
                        TensorView of_logits);

}  // namespace chronicler
