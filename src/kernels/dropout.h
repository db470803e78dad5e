// The factors of dropout.
#pragma once

#include <cstdint>
#include <span>

#include "chronicler/base/random.h"

namespace chronicler::kernels {

// factors[i] is 0 if draw first + i of the stream (Random::uniform) is below `rate`, else
// 1 / (1 - rate): what is dropped, and what makes up for it.
void dropout_factors(const Random& random, std::uint64_t stream, std::uint64_t first, double rate,
                     std::span<float> factors);
void dropout_factors(const Random& random, std::uint64_t stream, std::uint64_t first, double rate,
                     std::span<double> factors);

}  // namespace chronicler::kernels
