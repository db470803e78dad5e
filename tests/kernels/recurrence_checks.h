// What is checked of every recurrent cell. A cell's test says over which configurations.
#pragma once

#include <cstdint>
#include <vector>

#include "support/recurrence_fixture.h"

namespace chronicler::test {

// A cell's fast kernels and their readable twin.
struct Cell {
  const kernels::CellKernels<float>& fast;
  const kernels::CellKernels<double>& readable;
};

// ---- Configurations

// Every mask, dropout, bias and direction with pairs of activations that differ in what backward
// needs.
std::vector<RecurrenceCase> option_cases();
// Every activation in both places.
std::vector<RecurrenceCase> activation_cases();
// Features and units around the widths of vectors, each with each; steps, rows and options walk
// along.
std::vector<RecurrenceCase> size_cases();
// A few that reach every tile and remainder.
std::vector<RecurrenceCase> shape_cases();
// The same with reset_after false added.
std::vector<RecurrenceCase> with_reset_before(std::vector<RecurrenceCase> cases);

// ---- Checks

// Gradients of x, kernel, recurrent_kernel, bias and initial states against central differences,
// relative error at most 1e-6. The loss weighs the states after every step, and the final states.
void check_gradients(const kernels::CellKernels<double>& cell, const RecurrenceCase& c);
// The trace is the gradient by the hidden state after each step.
void check_trace(const kernels::CellKernels<double>& cell, const RecurrenceCase& c);
// Everything that float32 computes, on every instruction set, against float64; the same bits from
// all of them that fuse products and sums.
void check_fast_against_readable(const Cell& cell, const RecurrenceCase& c);
// The checksum of all that tanh and sigmoid make of shape_cases(): whatever fuses products and
// sums, on x86 and on ARM, gives it. Another one means that users get other bits than before.
void check_bits(const kernels::CellKernels<float>& cell, std::uint32_t expected);
// Rows in one range or several, weights in one share or several, units shared by threads that meet
// at every step: the same bits.
template <class Real>
void check_slices(const kernels::CellKernels<Real>& cell, const RecurrenceCase& c);
// A row in a batch and by itself: the same bits.
template <class Real>
void check_rows_alone(const kernels::CellKernels<Real>& cell, const RecurrenceCase& c);
// One step after the other, or with any number of slots, as without training: the same bits.
template <class Real>
void check_steps(const kernels::CellKernels<Real>& cell, const RecurrenceCase& c);
// A masked step passes the states on, bit for bit.
template <class Real>
void check_masked_steps(const kernels::CellKernels<Real>& cell, const RecurrenceCase& c);
// All of this where W is so large that products with it are made some steps ahead.
void check_products_ahead(const Cell& cell);
// What is not wanted may be null.
template <class Real>
void check_optional_gradients(const kernels::CellKernels<Real>& cell, const RecurrenceCase& c);

}  // namespace chronicler::test
