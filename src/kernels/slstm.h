// The sLSTM of xLSTM: Beck et al. 2024 (arXiv 2405.04517), section 2.2 and appendix A. Its gates
// are exponential, and m keeps them within what a number holds: c and n are both e^-m times what
// the paper calls so without m, and their quotient is the same.
//
//   [zi zf zc zo] = x W + h' R + b         R: a block for each head, [U / heads][4 U]
//   l = log sigmoid(zf), or zf (exponential_forget)
//   m = max(l + m', zi);  at n' = 0, that is at the beginning, m = zi
//   I = exp(zi - m),  F = min(1, exp(l + m' - m))
//   c = F c' + I a(zc),  n = F n' + I      a: activation
//   h = s(zo) c / n                        s: recurrent_activation
//
// One of I and F is 1, so n is at least 1 after the first step.
//
// Cells: c, n, m. Tape (5 blocks): I, F, a(zc), s(zo), dl/dzf. Backward leaves dzi, dzf, dzc, dzo
// in the first four. Its gradients are those of all states, m's too.
#pragma once

#include "kernels/recurrence.h"

namespace chronicler::kernels {

// float: simd/slstm.cc. double: reference/slstm.h.
template <class Real>
const CellKernels<Real>& slstm();

}  // namespace chronicler::kernels
