// Linear recurrences h_t = a_t h_(t-1) + b_t, element by element, whose a and b do not depend on h:
// any piece of the steps maps the state before it to the one after it by one product and one sum,
// (a, b) then (a', b') = (a' a, a' b + b').
//
// T steps, U units (channels), innermost. Every h is one chain in the order of the steps, the same
// bits however units are cut into ranges and steps into pieces of one call each; only the functions
// "in pieces" sum in another order, which the sizes alone decide. Nothing here allocates, throws or
// starts a thread; the caller cuts the work. float: simd/scan.cc. double: reference/scan.h.
#pragma once

#include <cstdint>

#include "kernels/recurrence.h"

namespace chronicler::kernels {

template <class Real>
struct Scan {
  std::int64_t steps = 0;
  std::int64_t units = 0;
  const Real* a = nullptr;   // [T][U]  read
  const Real* b = nullptr;   // [T][U]  read
  Real* state = nullptr;     // [U]     in: before the first step; out: after the last
  Real* hidden = nullptr;    // [T][U]  written: after each step
  bool past_caches = false;  // what is written is read much later: it need not be in a cache
};
template <class Real>
void scan_forward(const Scan<Real>& run, Range units);

template <class Real>
struct ScanGradient {
  const Real* before = nullptr;  // [U]     the state before the first step
  const Real* hidden = nullptr;  // [T][U]  as forward wrote it
  const Real* output = nullptr;  // [T][U]  dLoss/dh from outside
  Real* state = nullptr;  // [U]     in: dLoss/dh(T) besides; out: dLoss/d state before the first
                          // step
  Real* a = nullptr;      // [T][U]  written: dLoss/da
  Real* b = nullptr;  // [T][U]  written: dLoss/db, which is dLoss/dh by all paths; may be output
};
// run.hidden and run.state are not used.
template <class Real>
void scan_backward(const Scan<Real>& run, const ScanGradient<Real>& gradient, Range units);

// Steps of one piece where units are so few that a processor waits for one step's sum before it can
// begin the next one's: `scan_lanes` pieces go side by side, the states before them from what each
// makes of zero.
inline constexpr std::int64_t scan_piece = 528;  // no power of 2: pieces share no cache sets
inline constexpr std::int64_t scan_lanes = 8;
inline constexpr std::int64_t few_units = 16;
// As scan_forward and scan_backward over all units, of which there are at most few_units.
template <class Real>
void scan_forward_in_pieces(const Scan<Real>& run);
template <class Real>
void scan_backward_in_pieces(const Scan<Real>& run, const ScanGradient<Real>& gradient);

// What the steps of the run make of a state: h(T) = product h(0) + end. product, end [U]: in: what
// the steps before make of it (1 and 0: nothing); out: with the run's.
template <class Real>
void scan_summary(const Scan<Real>& run, Real* product, Real* end);
// The same backwards: dLoss/dh(0) = product dLoss/dh(T) + start.
template <class Real>
void scan_back_summary(const Scan<Real>& run, const Real* output, Real* product, Real* start);

}  // namespace chronicler::kernels
