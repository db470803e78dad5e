// The recurrent cell of Elman 1990.
//
//   h = a(x W + h' U + b)
//
// Tape (1 block): h before any mask. Backward leaves dz, the gradient before the activation, in its
// place.
#pragma once

#include "kernels/recurrence.h"

namespace chronicler::kernels {

// float: simd/simple_rnn.cc. double: reference/simple_rnn.h.
template <class Real>
const CellKernels<Real>& simple_rnn();

}  // namespace chronicler::kernels
