// SimpleRNN, one row after the other: the contract is kernels/simple_rnn.h.
#pragma once

#include "kernels/reference/recurrence.h"
#include "kernels/simple_rnn.h"

namespace chronicler::kernels::reference {

template <class Real>
struct SimpleRnn {
  using Run = Recurrence<Real>;
  using Gradient = RecurrenceGradient<Real>;

  static constexpr std::int64_t gates = 1;
  static constexpr std::int64_t blocks = 1;  // of the tape

  // h = a(x W + h' U + b)
  static void step(const Run& run, std::int64_t t, std::int64_t n) {
    const std::int64_t units = run.units;
    const Real* before = state_at(run, run.hidden, t, n);
    Real* hidden = state_at(run, run.hidden, t + 1, n);
    if (is_masked(run, t, n)) {
      std::copy_n(before, units, hidden);
      return;
    }
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    start_with_bias(run.bias, 0, units, tape);
    add_product(input_to(run, 0, t, n), block_of(run.kernel, 0, gates, units), units, tape);
    add_product(hidden_to(run, 0, t, n), block_of(run.recurrent_kernel, 0, gates, units), units,
                tape);
    if (preactivations != nullptr) std::copy_n(tape, units, preactivations);
    for (std::int64_t u = 0; u < units; ++u) {
      tape[u] = activated(run.activation, tape[u]);
      hidden[u] = tape[u];
    }
  }

  static void step_backward(const Run& run, const Gradient& gradient, std::int64_t t,
                            std::int64_t n) {
    const std::int64_t units = run.units;
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    Real* d_hidden = gradient.hidden + n * units;
    meet_output_gradient(run, gradient, t, n, d_hidden);
    if (is_masked(run, t, n)) {
      std::fill_n(tape, units, Real{0});
      return;
    }
    const Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    for (std::int64_t u = 0; u < units; ++u) {
      tape[u] = d_hidden[u] * derivative(run.activation, preactivation(preactivations, u), tape[u]);
    }
    std::fill_n(d_hidden, units, Real{0});
    add_input_gradient(tape, block_of(run.recurrent_kernel, 0, gates, units), units,
                       hidden_to(run, 0, t, n), d_hidden);
  }

  static void forward(const Run& run, Range rows) {
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      for (std::int64_t t = 0; t < run.steps; ++t) step(run, t, n);
    }
  }

  static void backward(const Run& run, const Gradient& gradient, Range rows) {
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      for (std::int64_t t = run.steps; t-- > 0;) step_backward(run, gradient, t, n);
    }
  }

  static void input_gradient(const Run& run, const Gradient& gradient, Range rows) {
    write_input_gradient(run, gradient, gates, blocks, rows);
  }

  static void weight_gradient(const Run& run, const Gradient& gradient, Share share, Real*) {
    const Range units = units_of(run, share);
    for (std::int64_t t = 0; t < run.steps; ++t) {
      for (std::int64_t n = 0; n < run.rows; ++n) {
        const Real* dz = gates_at(run, run.tape, blocks, t, n);
        add_weight_gradient(input_to(run, 0, t, n), dz, units,
                            block_of(gradient.kernel, 0, gates, run.units));
        add_weight_gradient(hidden_to(run, 0, t, n), dz, units,
                            block_of(gradient.recurrent_kernel, 0, gates, run.units));
        if (gradient.bias != nullptr) add_bias_gradient(dz, units, gradient.bias);
      }
    }
  }
};

template <class Real>
const CellKernels<Real>& simple_rnn() {
  using Cell = SimpleRnn<Real>;
  static constexpr CellKernels<Real> kernels{
      .gate_blocks = Cell::gates,
      .tape_blocks = Cell::blocks,
      .cells = 0,
      .packed_size = nothing_packed<Real>,
      .scratch_size = no_scratch<Real>,
      .prepare = nothing_to_prepare<Real>,
      .forward = Cell::forward,
      .prepare_backward = nothing_to_prepare_backward<Real>,
      .backward = Cell::backward,
      .input_gradient = Cell::input_gradient,
      .workspace_size = no_workspace<Real>,
      .weight_gradient = Cell::weight_gradient,
  };
  return kernels;
}

}  // namespace chronicler::kernels::reference
