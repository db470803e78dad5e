// The factors of dropout, and what they do.
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

// to[i] = factors[i] * from[i], and 0 where the factor is 0, whatever from[i] is.
void apply_dropout(std::span<const float> factors, const float* from, float* to);
void apply_dropout(std::span<const double> factors, const double* from, double* to);

}  // namespace chronicler::kernels
