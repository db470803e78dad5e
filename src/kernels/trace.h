// Eligibility traces: how the state of a unit depends on each weight that feeds that unit.
//
// With K numbers s that the weights multiply, N sums that they feed (several a unit), and one or
// two states i of each unit, a step of real-time recurrent learning (Williams and Zipser 1989) that
// keeps what a weight says of its own unit is
//
//   E_i[k][n] = sum_j carry_ij[n] E_j'[k][n] + direct_i[n] s[k]        ' = the step before
//   gradient[k][n] += sum_i loss_i[n] E_i[k][n]
//
// Exact for cells whose units do not see one another, SnAp-1 (Menick et al. 2020) for all others.
// Nothing here allocates, throws or starts a thread.
#pragma once

#include <array>
#include <cstdint>

namespace chronicler::kernels {

template <class Real>
struct Trace {
  std::int64_t rows = 0;                   // K
  std::int64_t columns = 0;                // N
  const Real* source = nullptr;            // [K]
  std::array<const Real*, 4> carry = {};   // [N]  of state i by state j before: 2 i + j
  std::array<const Real*, 2> direct = {};  // [N]  of state i
  std::array<const Real*, 2> loss = {};    // [N]  dLoss/d state i; null: nothing
  std::array<Real*, 2> state = {};         // [K][N]  E_i, read and written; the second null: units
                                           // of one state, of which only carry_00 counts
  Real* gradient = nullptr;                // [K][N]  added to; null: nothing is learnt
};

// float: simd/trace.cc. double: reference/trace.h.
template <class Real>
void advance_trace(const Trace<Real>& trace);

}  // namespace chronicler::kernels
