// An LRU over the steps of a batch.
#pragma once

#include "layers/scan/lru_run.h"

namespace chronicler {

template <class Real>
void lru_forward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, Call& call);

}  // namespace chronicler
