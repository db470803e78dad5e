// Multiply-adds as fast as the processor takes them.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

// Runs `rounds` rounds of independent multiply-adds in registers; the number of floating-point
// operations done. `sink` receives a number that depends on all of them.
double run_multiply_adds(std::int64_t rounds, float* sink);

}  // namespace chronicler::kernels
