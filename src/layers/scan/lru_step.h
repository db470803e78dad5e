// The step of an LRU in a stream.
#pragma once

#include <memory>

#include "layers/core/step.h"
#include "layers/scan/lru_run.h"

namespace chronicler {

std::unique_ptr<LayerStep> make_lru_step(const LruEquation& equation, State& state);

}  // namespace chronicler
