// A gated scan over the steps of a batch.
#pragma once

#include "layers/scan/gated_run.h"

namespace chronicler {

template <class Real>
void gated_forward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, Call& call);

}  // namespace chronicler
