// Long short-term memory: Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
// Schmidhuber and Cummins 2000.
//
//   [zi zf zc zo] = x W + h' U + b
//   c = s(zf) c' + s(zi) a(zc)         s: recurrent_activation, a: activation
//   h = s(zo) a(c)
//
// Tape (4 blocks): s(zi), s(zf), a(zc), s(zo). Backward recomputes a(c) and leaves dzi, dzf, dzc,
// dzo in the tape.
#pragma once

#include "kernels/recurrence.h"

namespace chronicler::kernels {

// float: simd/lstm.cc. double: reference/lstm.h.
template <class Real>
const CellKernels<Real>& lstm();

}  // namespace chronicler::kernels
