// tanh and sigmoid of many floats, against double.
#pragma once

#include <cstdint>

namespace chronicler::test {

// Every `stride`-th float, on every instruction set: at most 3 units in the last place or 2e-7
// from tanh, never beyond 1; tanh(-x) = -tanh(x) bit for bit.
void check_tanh(std::uint32_t stride);
// At most 3 units in the last place or 2e-7 from the sigmoid, never outside [0, 1].
void check_sigmoid(std::uint32_t stride);

}  // namespace chronicler::test
