// The gradients of a gated scan over the steps of a batch.
#pragma once

#include "layers/scan/gated_run.h"

namespace chronicler {

// learns: adds to the gradients of the weights.
template <class Real>
void gated_backward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, bool learns,
                    const Call& call, CallGradient& gradient);

}  // namespace chronicler
