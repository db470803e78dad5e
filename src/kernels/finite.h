// Whether numbers are numbers.
#pragma once

#include <span>

namespace chronicler::kernels {

// Whether no number is NaN or infinite.
bool all_finite(std::span<const float> numbers);
bool all_finite(std::span<const double> numbers);

}  // namespace chronicler::kernels
