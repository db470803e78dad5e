// The step of a gated scan in a stream.
#pragma once

#include <memory>

#include "layers/core/step.h"
#include "layers/scan/gated_run.h"

namespace chronicler {

std::unique_ptr<LayerStep> make_gated_step(const GatedEquation& equation, State& state);

}  // namespace chronicler
