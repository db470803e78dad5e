// The mLSTM of xLSTM: Beck et al. 2024 (arXiv 2405.04517), section 2.3. For one head of D units,
// from the projections q, k, v, zo (D numbers each), zi and zf (one each) of a step, and the state
// before it, a prime:
//
//   l = log sigmoid(zf), or zf (exponential_forget)
//   m = max(l + m', zi),  I = exp(zi - m),  F = exp(l + m' - m)
//   C = F C' + I k v^T / sqrt(D),  n = F n' + I k / sqrt(D)       C[key][value]
//   h = s(zo) (C^T q) / max(|n q|, exp(-m))
//
// C and n are e^-m times those of the paper, and h is the same: m cancels out, but for rounding.
// Step by step that is two passes over C for each step. In chunks of L steps the same sums are
// products of matrices: what came before the chunk by way of C', what is in it by way of all pairs
// of a step and an earlier one. The two agree but for rounding, not bit for bit.
//
// The steps of one sequence, all heads side by side: W = 4 U + 2 H projections a step, q k v zo of
// all units, then zi and zf of all heads. Heads are independent: calls for different ones may run
// at the same time. Nothing here allocates, throws or starts a thread.
#pragma once

#include <cstdint>

#include "kernels/gated_scan.h"

namespace chronicler::kernels {

constexpr std::int64_t mlstm_width(std::int64_t units, std::int64_t heads) {
  return 4 * units + 2 * heads;
}

template <class Real>
struct Mlstm {
  std::int64_t steps = 0;
  std::int64_t units = 0;  // of all heads
  std::int64_t heads = 1;
  bool exponential_forget = false;
  std::int64_t chunk = 1;         // steps that are worked on together
  Real* gates = nullptr;          // [T][W]  read; backward leaves dLoss/d of them there
  const StepUse* uses = nullptr;  // [T]     null: every step counts; others pass the state on
  // Before the first step and, forward, after the last.
  Real* hidden_state = nullptr;  // [U]        h; what steps that do not count repeat
  Real* memory = nullptr;        // [H][D][D]  C
  Real* normalizer = nullptr;    // [U]        n
  Real* stabilizer = nullptr;    // [H]        m
  Real* hidden = nullptr;        // [T][U]     forward writes h; null: it is not wanted
  // What backward needs: the states before each chunk, [H][chunks][D D + D + 1], C then n then m.
  // Null: forward keeps nothing.
  Real* kept = nullptr;
  Real* scratch = nullptr;  // mlstm_scratch(run, ...) numbers, 64-byte aligned, for one head
};

template <class Real>
struct MlstmGradient {
  const Real* hidden = nullptr;  // [T][U]  dLoss/dh of the steps that count, from outside
  // In: dLoss/d the states after the last step; out: before the first. As the states.
  Real* memory = nullptr;
  Real* normalizer = nullptr;
  Real* stabilizer = nullptr;
};

template <class Real>
std::int64_t mlstm_scratch(std::int64_t units, std::int64_t heads, std::int64_t chunk,
                           bool backward);
constexpr std::int64_t mlstm_kept(std::int64_t units, std::int64_t heads, std::int64_t chunks) {
  const std::int64_t head = units / heads;
  return heads * chunks * (head * head + head + 1);
}

// Step by step; chunk counts for nothing. float: simd/mlstm_steps.cc. double: reference/mlstm.h.
template <class Real>
void mlstm_steps(const Mlstm<Real>& run, std::int64_t head);
// In chunks. float: simd/mlstm.cc. double: step by step, which is readable, in chunks of 1.
template <class Real>
void mlstm_forward(const Mlstm<Real>& run, std::int64_t head);
// After a forward that kept, with the states as forward left them.
template <class Real>
void mlstm_backward(const Mlstm<Real>& run, const MlstmGradient<Real>& gradient, std::int64_t head);

}  // namespace chronicler::kernels
