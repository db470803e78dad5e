// The choice of an instruction set before the first kernel runs.
#pragma once

#include "hwy/highway.h"
#include "hwy/targets.h"

namespace chronicler::kernels {

// Chooses what CHRONICLER_ISA names, or the best there is (kernels/isa.h). Throws Error for an
// unknown name.
void choose_isa_at_start();

inline void ensure_isa() {
  if (HWY_UNLIKELY(!hwy::GetChosenTarget().IsInitialized())) choose_isa_at_start();
}

}  // namespace chronicler::kernels

// The function of that name for the instruction set that was chosen.
#define CHRONICLER_DISPATCH(function) \
  (::chronicler::kernels::ensure_isa(), HWY_DYNAMIC_DISPATCH(function))
