// Targets as a loss wants them, also those of a file that is larger than memory.
#pragma once

#include <string>

#include "chronicler/training/loss.h"

namespace chronicler {

// As Loss::check(). Targets that are mapped from a file are looked at piece by piece, and their
// pages given back.
void check_targets(const Loss& loss, const Tensor& y, const Shape& outputs,
                   const std::string& place);

}  // namespace chronicler
