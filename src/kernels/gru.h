// Gated recurrent unit: Cho et al. 2014 (reset_after false), and the form that cuDNN made common
// (reset_after true).
//
//   [xz xr xh] = x W + b0,  [hz hr hh] = h' U + b1       (reset_after false: b1 = 0)
//   z = s(xz + hz),  r = s(xr + hr)
//   n = a(xh + r hh)                                     (reset_after false: n = a(xh + (r h') Uh))
//   h = z h' + (1 - z) n
//
// Tape (4 blocks): z, r, n, and hh (reset_after false: r h', with the recurrent dropout of the
// candidate). Backward leaves dz, dr, dn, and dn r (reset_after false: r h' stays) in their place,
// d before the activations.
#pragma once

#include "kernels/recurrence.h"

namespace chronicler::kernels {

// float: simd/gru.cc. double: reference/gru.h.
template <class Real>
const CellKernels<Real>& gru();

}  // namespace chronicler::kernels
