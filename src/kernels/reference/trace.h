// Eligibility traces, a weight at a time: the contract is kernels/trace.h.
#pragma once

#include "kernels/trace.h"

namespace chronicler::kernels::reference {

template <class Real>
void advance_trace(const Trace<Real>& trace) {
  const bool two = trace.state[1] != nullptr;
  for (std::int64_t k = 0; k < trace.rows; ++k) {
    for (std::int64_t n = 0; n < trace.columns; ++n) {
      const std::int64_t at = k * trace.columns + n;
      Real& first = trace.state[0][at];
      const Real first_before = first;
      first = trace.carry[0][n] * first_before + trace.direct[0][n] * trace.source[k];
      Real learnt{0};
      if (two) {
        Real& second = trace.state[1][at];
        const Real second_before = second;
        first += trace.carry[1][n] * second_before;
        second = trace.carry[2][n] * first_before + trace.carry[3][n] * second_before +
                 trace.direct[1][n] * trace.source[k];
        if (trace.loss[1] != nullptr) learnt += trace.loss[1][n] * second;
      }
      if (trace.loss[0] != nullptr) learnt += trace.loss[0][n] * first;
      if (trace.gradient != nullptr) trace.gradient[at] += learnt;
    }
  }
}

}  // namespace chronicler::kernels::reference
