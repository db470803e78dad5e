// The contract that the recurrent kernels share: one run of a cell over a batch of sequences.
//
// T steps, N rows (sequences), F features, U units, G gate blocks in Keras's order (SimpleRNN 1;
// LSTM: input, forget, candidate, output; GRU: update, reset, candidate). simple_rnn.h, lstm.h and
// gru.h give the equations and what the tape holds. Nothing here allocates, throws or starts a
// thread; the caller cuts the rows into slices and runs them where it likes.
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/step_barrier.h"

namespace chronicler::kernels {

// Element (t, n, f) lies at data[t * step_stride + n * row_stride + f]. A negative step_stride,
// with data at the last step, runs a sequence backwards.
template <class Real>
struct Sequence {
  Real* data = nullptr;
  std::int64_t step_stride = 0;
  std::int64_t row_stride = 0;

  Real* at(std::int64_t t, std::int64_t n) const { return data + t * step_stride + n * row_stride; }
};

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

// One of `count` equal shares of a piece of work whose cut is the kernel's own.
struct Share {
  std::int64_t index = 0;
  std::int64_t count = 1;
};

template <class Real>
struct Recurrence {
  std::int64_t steps = 0;     // T
  std::int64_t rows = 0;      // N
  std::int64_t features = 0;  // F
  std::int64_t units = 0;     // U

  Activation activation = Activation::tanh;               // not a row-wise one
  Activation recurrent_activation = Activation::sigmoid;  // LSTM, GRU
  bool reset_after = true;                                // GRU
  // SLSTM: units of a head read the previous hidden states of that head alone.
  std::int64_t heads = 1;
  bool exponential_forget = false;

  Sequence<const Real> x;                  // (T, N, F)      read
  const Real* kernel = nullptr;            // [F][G*U]       read
  const Real* recurrent_kernel = nullptr;  // [U][G*U]       read; with heads [U / heads][G*U]
  const Real* bias = nullptr;              // [G*U], GRU with reset_after [2][G*U]; null: no bias
  const std::uint8_t* mask =
      nullptr;  // [T][N]         null: every step counts. A masked step passes the states on.

  // Factors of dropout, 0 or 1/(1-p); null: none. They multiply x where it meets the kernel, and
  // the previous hidden state where it meets the recurrent kernel, and nowhere else. One block for
  // all gates or one for each.
  const Real* input_dropout = nullptr;      // [input_dropout_blocks][N][F]
  std::int64_t input_dropout_blocks = 1;    // 1 or G
  const Real* recurrent_dropout = nullptr;  // [G][N][U]

  // States after each step: slot t + 1 after step t, slot 0 is the initial state (read). Slot s
  // lies at s % slots, so that inference that wants only the last state needs two; training needs T
  // + 1. Of the states besides h, cells of them (CellKernels), LSTM has c and SLSTM c, n and m.
  std::int64_t state_slots = 0;
  Real* hidden = nullptr;  // [state_slots][N][U]
  Real* cell = nullptr;    // [state_slots][cells][N][U]; null for other cells

  // The tape: activated gates, C blocks of U columns a row (tape_blocks of the cell). Step t lies
  // at slot t % tape_slots; inference may pass any number of slots from 1, training needs T.
  // Backward turns it into gate gradients.
  std::int64_t tape_slots = 0;
  Real* tape = nullptr;  // [tape_slots][N][C*U]
  Real* preactivations =
      nullptr;  // [tape_slots][N][C*U]; needed for training if an activation needs_input, else null

  Real* packed = nullptr;   // packed_size(run) elements, 64-byte aligned: written by prepare and
                            // prepare_backward, read by all else
  Real* scratch = nullptr;  // [N][scratch_size(run)] elements; each row's own, contents undefined
                            // before and after
};

// What backward reads and writes besides the run itself, after a forward with a full tape.
template <class Real>
struct RecurrenceGradient {
  const Real* output =
      nullptr;  // [T][N][U]  dLoss/d hidden(t) from outside; null: none but at the end
  Real* hidden =
      nullptr;  // [N][U]     in: dLoss/d hidden(T) from outside; out: dLoss/d initial hidden
  Real* cell = nullptr;   // [cells][N][U]  the same for the other states; null: the cell has none
  Real* trace = nullptr;  // [T][N][U]  written if not null: dLoss/d hidden(t), all paths together
  Sequence<Real> x;       // (T, N, F)  written by input_gradient; data null: not wanted

  // Accumulated (+=) by weight_gradient.
  Real* kernel = nullptr;            // [F][G*U]
  Real* recurrent_kernel = nullptr;  // as the weights
  Real* bias = nullptr;              // as the bias; null: no bias
};

// A cell's kernels. Calls come in this order: prepare for every share, forward for every slice of
// rows; then, for training, prepare_backward for every share, backward for every slice, and after
// that input_gradient for every slice and weight_gradient for every share, in any order. Shares and
// slices of one phase may run at the same time; how the work is cut changes no bit.
template <class Real>
struct CellKernels {
  std::int64_t gate_blocks;  // G
  std::int64_t tape_blocks;  // C
  std::int64_t cells;        // states besides h: LSTM 1, SLSTM 3, else 0

  std::int64_t (*packed_size)(const Recurrence<Real>& run, bool training);
  std::int64_t (*scratch_size)(const Recurrence<Real>& run, bool training);  // elements a row
  void (*prepare)(const Recurrence<Real>& run, Share share);
  void (*forward)(const Recurrence<Real>& run, Range rows);
  void (*prepare_backward)(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                           Share share);
  void (*backward)(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                   Range rows);
  // Forward and backward over all rows for one share of the units, for a batch of few rows and many
  // units. All shares run at the same time and meet at the barrier at every step. Only where
  // shares_units says so; null: never.
  bool (*shares_units)(const Recurrence<Real>& run) = nullptr;
  void (*forward_units)(const Recurrence<Real>& run, Share share, StepBarrier& barrier) = nullptr;
  void (*backward_units)(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                         Share share, StepBarrier& barrier) = nullptr;
  void (*input_gradient)(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                         Range rows);
  // Elements of memory, 64-byte aligned, that each share of weight_gradient wants for itself.
  std::int64_t (*workspace_size)(const Recurrence<Real>& run);
  void (*weight_gradient)(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                          Share share, Real* workspace);
};

}  // namespace chronicler::kernels
