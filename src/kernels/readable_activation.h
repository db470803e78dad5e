// The readable activations in float32, compiled for any processor: what the fast kernels call for
// the rarer ones.
#pragma once

#include <cstdint>

#include "kernels/activation.h"

namespace chronicler::kernels {

// As activate and activate_backward (kernels/activation.h).
void readable_activate(Activation activation, std::int64_t rows, std::int64_t length,
                       const float* x, float* y);
void readable_activate_backward(Activation activation, std::int64_t rows, std::int64_t length,
                                const float* x, const float* y, const float* dy, float* dx);

}  // namespace chronicler::kernels
