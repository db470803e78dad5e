// How the work of a recurrent layer is cut: slices of its rows, or shares of its units.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "chronicler/layers/layer.h"
#include "kernels/recurrence.h"
#include "layers/recurrent/cut_choice.h"

namespace chronicler {

// Below this many multiplications a second thread costs more than it brings.
inline constexpr double inline_work = 200e3;

// Rows are independent of one another, so the number of slices changes no bit.
inline std::int64_t slice_count(const Pass& pass, std::int64_t rows, double multiplications) {
  if (multiplications < inline_work) return 1;
  return std::min<std::int64_t>(pass.runtime.threads(), rows);
}

inline kernels::Range slice(std::int64_t index, std::int64_t count, std::int64_t size) {
  return {size * index / count, size * (index + 1) / count};
}

template <class Function>
void for_slices(Pass& pass, std::int64_t count, std::int64_t size, const Function& function) {
  pass.runtime.parallel(count, [&](std::int64_t i) { function(slice(i, count, size)); });
}

template <class Real>
double multiplications(const kernels::Recurrence<Real>& run, std::int64_t gates) {
  return static_cast<double>(run.steps) * static_cast<double>(run.rows) *
         static_cast<double>(gates * run.units) * static_cast<double>(run.features + run.units);
}

// Weights of fewer bytes stay in a core's second-level cache, and rows are the better cut.
inline constexpr double small_weights = 256e3;

// Runs rows(range) for slices of the batch, or units(share, barrier) for shares of the units of all
// rows, whichever is quicker here; what comes before and after it is rows_before(range) and
// rows_after(range).
template <class Real, class Before, class Rows, class Units, class After>
void run_in_cuts(Pass& pass, const kernels::Recurrence<Real>& run,
                 const kernels::CellKernels<Real>& kernels, std::int64_t slices, bool backward,
                 const Before& rows_before, const Rows& rows, const Units& units,
                 const After& rows_after) {
  const int threads = pass.runtime.threads();
  const double weights = static_cast<double>(kernels.gate_blocks * run.units * run.units) *
                         static_cast<double>(sizeof(Real));
  const auto slice_rows = [&] {
    for_slices(pass, slices, run.rows, [&](kernels::Range some) {
      rows_before(some);
      rows(some);
      rows_after(some);
    });
  };
  if (threads == 1 || weights < small_weights || kernels.shares_units == nullptr ||
      !kernels.shares_units(run) || multiplications(run, kernels.gate_blocks) < inline_work) {
    return slice_rows();
  }
  const RunShape shape{&kernels, run.rows, run.features, run.units, threads, backward};
  const auto start = std::chrono::steady_clock::now();
  Cut cut = cut_to_take(shape);
  if (cut == Cut::units) {
    kernels::StepBarrier barrier(threads);
    for_slices(pass, slices, run.rows, rows_before);
    if (!pass.runtime.together(threads, [&](std::int64_t i) { units({i, threads}, barrier); })) {
      cut = Cut::rows;
      for_slices(pass, slices, run.rows, rows);
    }
    for_slices(pass, slices, run.rows, rows_after);
  } else {
    slice_rows();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  cut_took(shape, cut, took.count() / static_cast<double>(run.steps));
}

// Shares of the work of laying out the weights: numbers to copy, which are quick.
template <class Real>
std::int64_t share_count(const Pass& pass, const kernels::Recurrence<Real>& run,
                         std::int64_t gates) {
  const std::int64_t numbers = gates * run.units * (run.features + run.units);
  return numbers < 100'000 ? 1 : pass.runtime.threads();
}

}  // namespace chronicler
