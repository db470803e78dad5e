// Linear recurrences whose a and b (kernels/scan.h) are made of projections of the input, step by
// step where they are needed: neither is ever in memory.
//
// T steps, U units, innermost; some steps of one sequence at a time. Every state is one chain in
// the order of the steps: the same bits however units are cut into ranges and steps into calls.
// Nothing here allocates, throws or starts a thread. float: simd/gated_scan.cc. double:
// reference/gated_scan.h.
#pragma once

#include <cstdint>

#include "kernels/recurrence.h"

namespace chronicler::kernels {

// p: projections of the input, a block of U columns for each gate; s: sigmoid.
//   min_gru          z = s(p0)                     a = 1 - z    b = z p1
//   min_lstm         i = s(p0), f = s(p1)          a = f / (f + i)    b = i / (f + i) p2
//   rg_lru           r = s(p0), i = s(p1), l = decay r    a = e^l    b = sqrt(1 - a^2) i p2
//   negative_rg_lru  the same with a = 2 e^l - 1
enum class GatedCell : std::uint8_t { min_gru, min_lstm, rg_lru, negative_rg_lru };

constexpr std::int64_t gates_of(GatedCell cell) { return cell == GatedCell::min_gru ? 2 : 3; }
constexpr bool has_decay(GatedCell cell) { return cell >= GatedCell::rg_lru; }

// What is done with a step.
enum class StepUse : std::uint8_t {
  idle,     // the state passes on; nobody sees it here
  repeats,  // the state passes on and is the output here, too
  counts,
};

// Some steps of one sequence.
template <class Real>
struct GatedScan {
  GatedCell cell = GatedCell::min_gru;
  std::int64_t steps = 0;
  std::int64_t units = 0;
  const Real* gates = nullptr;    // [T][G*U]  p, read
  const Real* decay = nullptr;    // [U]       at most 0; where the cell has one
  const StepUse* uses = nullptr;  // [T]      null: every step counts
  Real* state = nullptr;   // [U]       forward, in: before the first step; out: after the last
  Real* hidden = nullptr;  // [T][U]    forward writes it, unless null; backward reads it
  Real* kept =
      nullptr;  // [T][G*U]  forward writes the gates of steps that count there, unless null
  bool past_caches = false;  // hidden and kept are read much later: they need not be in a cache
};
template <class Real>
void gated_forward(const GatedScan<Real>& run, Range units);

template <class Real>
struct GatedGradient {
  const Real* before = nullptr;  // [U]     the state before the first step
  const Real* output = nullptr;  // [T][U]  dLoss/dh from outside, where a step is not idle; may be
                                 // null
  Real* state = nullptr;         // [U]     in: dLoss/dh(T) besides; out: by the state before
  Real* gates = nullptr;         // [T][G*U]  written: dLoss/dp; may be where the gates are
  Real* bias = nullptr;   // [G*U]   += the sums of dLoss/dp over the steps, from the last one
  Real* decay = nullptr;  // [U]     += decay dLoss/d decay; where the cell has one
  Real* trace = nullptr;  // written if not null: dLoss/dh after each step, by all paths
  std::int64_t trace_stride = 0;  // from one step of the trace to the next
};
template <class Real>
void gated_backward(const GatedScan<Real>& run, const GatedGradient<Real>& gradient, Range units);

// ---- complex a that are the same at every step

// h_t = lambda h_(t-1) + gamma p_t over complex numbers: the N real parts, then the N imaginary
// ones.
template <class Real>
struct ComplexScan {
  std::int64_t steps = 0;
  std::int64_t units = 0;         // N
  Real* inputs = nullptr;         // [T][2N]  p, read; backward leaves dLoss/dp there
  const Real* lambda = nullptr;   // [2N]
  const Real* gamma = nullptr;    // [N]
  const StepUse* uses = nullptr;  // [T]      null: every step counts
  Real* real = nullptr;           // [N]      the state, as above
  Real* imaginary = nullptr;      // [N]
  Real* hidden = nullptr;         // [T][2N]  forward writes it, unless null; backward reads it
};
template <class Real>
void complex_forward(const ComplexScan<Real>& run, Range units);

template <class Real>
struct ComplexGradient {
  const Real* real_before = nullptr;       // [N]      the state before the first step
  const Real* imaginary_before = nullptr;  // [N]
  const Real* output = nullptr;  // [T][2N]  dLoss/dh from outside, zero where nobody looks; may be
                                 // null
  Real* real = nullptr;          // [N]      in: dLoss/dh(T) besides; out: by the state before
  Real* imaginary = nullptr;     // [N]
  Real* lambda = nullptr;        // [2N]     += dLoss/d lambda
  Real* gamma = nullptr;         // [N]      += dLoss/d gamma
  Real* trace = nullptr;         // written if not null: dLoss/d real part of h, by all paths
  std::int64_t trace_stride = 0;
};
template <class Real>
void complex_backward(const ComplexScan<Real>& run, const ComplexGradient<Real>& gradient,
                      Range units);

}  // namespace chronicler::kernels
