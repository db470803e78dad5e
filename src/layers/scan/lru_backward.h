// The gradients of an LRU over the steps of a batch.
#pragma once

#include "layers/scan/lru_run.h"

namespace chronicler {

// learns: adds to the gradients of the weights.
template <class Real>
void lru_backward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, bool learns,
                  const Call& call, CallGradient& gradient);

}  // namespace chronicler
