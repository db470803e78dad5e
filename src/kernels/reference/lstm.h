// LSTM, one row after the other: the contract is kernels/lstm.h.
#pragma once

#include "kernels/lstm.h"
#include "kernels/reference/recurrence.h"

namespace chronicler::kernels::reference {

template <class Real>
struct Lstm {
  using Run = Recurrence<Real>;
  using Gradient = RecurrenceGradient<Real>;

  static constexpr std::int64_t gates = 4;
  static constexpr std::int64_t blocks = 4;  // of the tape

  // Keras's order, in the weights and on the tape.
  enum Gate : std::int64_t { input, forget, candidate, output };

  static void step(const Run& run, std::int64_t t, std::int64_t n) {
    const std::int64_t units = run.units;
    const Real* hidden_before = state_at(run, run.hidden, t, n);
    const Real* cell_before = state_at(run, run.cell, t, n);
    Real* hidden = state_at(run, run.hidden, t + 1, n);
    Real* cell = state_at(run, run.cell, t + 1, n);
    if (is_masked(run, t, n)) {
      std::copy_n(hidden_before, units, hidden);
      std::copy_n(cell_before, units, cell);
      return;
    }
    // [zi zf zc zo] = x W + h' U + b
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      Real* z = tape + gate * units;
      start_with_bias(run.bias, gate, units, z);
      add_product(input_to(run, gate, t, n), block_of(run.kernel, gate, gates, units), units, z);
      add_product(hidden_to(run, gate, t, n), block_of(run.recurrent_kernel, gate, gates, units),
                  units, z);
    }
    Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    if (preactivations != nullptr) std::copy_n(tape, gates * units, preactivations);
    // c = s(zf) c' + s(zi) a(zc),  h = s(zo) a(c)
    for (std::int64_t u = 0; u < units; ++u) {
      Real& input_gate = tape[input * units + u];
      Real& forget_gate = tape[forget * units + u];
      Real& new_value = tape[candidate * units + u];
      Real& output_gate = tape[output * units + u];
      input_gate = activated(run.recurrent_activation, input_gate);
      forget_gate = activated(run.recurrent_activation, forget_gate);
      new_value = activated(run.activation, new_value);
      output_gate = activated(run.recurrent_activation, output_gate);
      cell[u] = forget_gate * cell_before[u] + input_gate * new_value;
      hidden[u] = output_gate * activated(run.activation, cell[u]);
    }
  }

  static void step_backward(const Run& run, const Gradient& gradient, std::int64_t t,
                            std::int64_t n) {
    const std::int64_t units = run.units;
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    Real* d_hidden = gradient.hidden + n * units;
    Real* d_cell = gradient.cell + n * units;
    meet_output_gradient(run, gradient, t, n, d_hidden);
    if (is_masked(run, t, n)) {
      std::fill_n(tape, blocks * units, Real{0});
      return;
    }
    const Real* cell_before = state_at(run, run.cell, t, n);
    const Real* cell = state_at(run, run.cell, t + 1, n);
    const Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    // The derivative of a gate by its z, from what the tape still holds of it.
    const auto slope = [&](Activation activation, Gate gate, std::int64_t u) {
      const std::int64_t i = gate * units + u;
      return derivative(activation, preactivation(preactivations, i), tape[i]);
    };
    for (std::int64_t u = 0; u < units; ++u) {
      const Real input_gate = tape[input * units + u];
      const Real forget_gate = tape[forget * units + u];
      const Real new_value = tape[candidate * units + u];
      const Real output_gate = tape[output * units + u];
      const Real shown = activated(run.activation, cell[u]);
      const Real dc =
          d_cell[u] + d_hidden[u] * output_gate * derivative(run.activation, cell[u], shown);
      tape[input * units + u] = dc * new_value * slope(run.recurrent_activation, input, u);
      tape[forget * units + u] = dc * cell_before[u] * slope(run.recurrent_activation, forget, u);
      tape[candidate * units + u] = dc * input_gate * slope(run.activation, candidate, u);
      tape[output * units + u] = d_hidden[u] * shown * slope(run.recurrent_activation, output, u);
      d_cell[u] = dc * forget_gate;
    }
    std::fill_n(d_hidden, units, Real{0});
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      add_input_gradient(tape + gate * units, block_of(run.recurrent_kernel, gate, gates, units),
                         units, hidden_to(run, gate, t, n), d_hidden);
    }
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
        for (std::int64_t gate = 0; gate < gates; ++gate) {
          const Real* dz = gates_at(run, run.tape, blocks, t, n) + gate * run.units;
          add_weight_gradient(input_to(run, gate, t, n), dz, units,
                              block_of(gradient.kernel, gate, gates, run.units));
          add_weight_gradient(hidden_to(run, gate, t, n), dz, units,
                              block_of(gradient.recurrent_kernel, gate, gates, run.units));
          if (gradient.bias != nullptr)
            add_bias_gradient(dz, units, gradient.bias + gate * run.units);
        }
      }
    }
  }
};

template <class Real>
const CellKernels<Real>& lstm() {
  using Cell = Lstm<Real>;
  static constexpr CellKernels<Real> kernels{
      .gate_blocks = Cell::gates,
      .tape_blocks = Cell::blocks,
      .cells = 1,
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
