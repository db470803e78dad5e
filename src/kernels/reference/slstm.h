// sLSTM, one row after the other: the contract is kernels/slstm.h.
#pragma once

#include <cmath>

#include "kernels/reference/recurrence.h"
#include "kernels/slstm.h"

namespace chronicler::kernels::reference {

template <class Real>
struct Slstm {
  using Run = Recurrence<Real>;
  using Gradient = RecurrenceGradient<Real>;

  static constexpr std::int64_t gates = 4;
  static constexpr std::int64_t blocks = 5;  // of the tape
  static constexpr std::int64_t cells = 3;

  // In the weights and on the tape.
  enum Gate : std::int64_t { input, forget, candidate, output, slope };
  enum Cell : std::int64_t { cell, normalizer, stabilizer };

  // Row n of a state besides h in slot s.
  static Real* cell_at(const Run& run, Cell which, std::int64_t s, std::int64_t n) {
    return run.cell + ((s % run.state_slots * cells + which) * run.rows + n) * run.units;
  }

  // The weights and hidden states of one head.
  struct Head {
    Range units;
    Dropped<Real> hidden;
  };
  static Head head_of(const Run& run, std::int64_t head, std::int64_t gate, std::int64_t t,
                      std::int64_t n) {
    const std::int64_t size = run.units / run.heads;
    const Range units{head * size, (head + 1) * size};
    Dropped<Real> hidden = hidden_to(run, gate, t, n);
    hidden.in += units.begin;
    if (hidden.factors != nullptr) hidden.factors += units.begin;
    hidden.size = size;
    return {units, hidden};
  }

  static void step(const Run& run, std::int64_t t, std::int64_t n) {
    const std::int64_t units = run.units;
    Real* hidden = state_at(run, run.hidden, t + 1, n);
    if (is_masked(run, t, n)) {
      std::copy_n(state_at(run, run.hidden, t, n), units, hidden);
      for (const Cell which : {cell, normalizer, stabilizer})
        std::copy_n(cell_at(run, which, t, n), units, cell_at(run, which, t + 1, n));
      return;
    }
    // [zi zf zc zo] = x W + h' R + b
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      Real* z = tape + gate * units;
      start_with_bias(run.bias, gate, units, z);
      add_product(input_to(run, gate, t, n), block_of(run.kernel, gate, gates, units), units, z);
      for (std::int64_t i = 0; i < run.heads; ++i) {
        const Head head = head_of(run, i, gate, t, n);
        Block<const Real> weights = block_of(run.recurrent_kernel, gate, gates, units);
        weights.data += head.units.begin;
        add_product(head.hidden, weights, head.units.size(), z + head.units.begin);
      }
    }
    Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    if (preactivations != nullptr) std::copy_n(tape, gates * units, preactivations);
    for (std::int64_t u = 0; u < units; ++u) {
      const Real zi = tape[input * units + u];
      const Real zf = tape[forget * units + u];
      const Real normalizer_before = cell_at(run, normalizer, t, n)[u];
      // l, and what it says of the state before
      const Real log_forget = run.exponential_forget ? zf : -softplus(-zf);
      const Real carried = log_forget + cell_at(run, stabilizer, t, n)[u];
      const Real m = normalizer_before == 0 ? zi : std::max(carried, zi);
      const Real input_gate = std::exp(zi - m);
      const Real forget_gate = std::exp(std::min(carried - m, Real{0}));
      const Real new_value = activated(run.activation, tape[candidate * units + u]);
      const Real output_gate = activated(run.recurrent_activation, tape[output * units + u]);
      const Real c = forget_gate * cell_at(run, cell, t, n)[u] + input_gate * new_value;
      const Real total = forget_gate * normalizer_before + input_gate;
      cell_at(run, cell, t + 1, n)[u] = c;
      cell_at(run, normalizer, t + 1, n)[u] = total;
      cell_at(run, stabilizer, t + 1, n)[u] = m;
      hidden[u] = output_gate * (c / total);
      tape[input * units + u] = input_gate;
      tape[forget * units + u] = forget_gate;
      tape[candidate * units + u] = new_value;
      tape[output * units + u] = output_gate;
      tape[slope * units + u] = run.exponential_forget ? 1 : sigmoid(-zf);
    }
  }

  static void step_backward(const Run& run, const Gradient& gradient, std::int64_t t,
                            std::int64_t n) {
    const std::int64_t units = run.units;
    Real* tape = gates_at(run, run.tape, blocks, t, n);
    Real* d_hidden = gradient.hidden + n * units;
    meet_output_gradient(run, gradient, t, n, d_hidden);
    if (is_masked(run, t, n)) {
      std::fill_n(tape, blocks * units, Real{0});
      return;
    }
    const Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    for (std::int64_t u = 0; u < units; ++u) cell_backward(run, gradient, t, n, u, preactivations);
    std::fill_n(d_hidden, units, Real{0});
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      for (std::int64_t i = 0; i < run.heads; ++i) {
        const Head head = head_of(run, i, gate, t, n);
        Block<const Real> weights = block_of(run.recurrent_kernel, gate, gates, units);
        weights.data += head.units.begin;
        add_input_gradient(tape + gate * units + head.units.begin, weights, head.units.size(),
                           head.hidden, d_hidden + head.units.begin);
      }
    }
  }

  // One unit: its gates on the tape become their gradients, those of its cells go one step back.
  static void cell_backward(const Run& run, const Gradient& gradient, std::int64_t t,
                            std::int64_t n, std::int64_t u, const Real* preactivations) {
    const std::int64_t units = run.units;
    Real* tape = gates_at(run, run.tape, blocks, t, n) + u;
    const Real input_gate = tape[input * units];
    const Real forget_gate = tape[forget * units];
    const Real new_value = tape[candidate * units];
    const Real output_gate = tape[output * units];
    const auto d_state = [&](Cell which) -> Real& {
      return gradient.cell[(which * run.rows + n) * units + u];
    };
    const auto slope_of = [&](Activation activation, Gate gate, Real value) {
      return derivative(activation, preactivation(preactivations, gate * units + u), value);
    };
    // h = o c / n
    const Real dh = gradient.hidden[n * units + u];
    const Real total = cell_at(run, normalizer, t + 1, n)[u];
    const Real ratio = cell_at(run, cell, t + 1, n)[u] / total;
    const Real d_ratio = dh * output_gate / total;
    const Real dc = d_state(cell) + d_ratio;
    const Real dn = d_state(normalizer) - d_ratio * ratio;
    // By way of the exponents zi - m and l + m' - m; the rest is what m itself passes on to the
    // larger of the two, whose gate is 1.
    const Real d_input = input_gate * (dc * new_value + dn);
    const Real d_forget =
        forget_gate * (dc * cell_at(run, cell, t, n)[u] + dn * cell_at(run, normalizer, t, n)[u]);
    const Real rest = d_state(stabilizer) - d_input - d_forget;
    const bool input_wins = input_gate == 1;
    const Real d_log_forget = d_forget + (input_wins ? 0 : rest);
    tape[input * units] = d_input + (input_wins ? rest : 0);
    tape[forget * units] = d_log_forget * tape[slope * units];
    tape[candidate * units] = dc * input_gate * slope_of(run.activation, candidate, new_value);
    tape[output * units] = dh * ratio * slope_of(run.recurrent_activation, output, output_gate);
    d_state(cell) = dc * forget_gate;
    d_state(normalizer) = dn * forget_gate;
    d_state(stabilizer) = d_log_forget;
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
          for (std::int64_t i = 0; i < run.heads; ++i) {
            const Head head = head_of(run, i, gate, t, n);
            const Range some{std::max(units.begin, head.units.begin),
                             std::min(units.end, head.units.end)};
            add_weight_gradient(head.hidden, dz, some,
                                block_of(gradient.recurrent_kernel, gate, gates, run.units));
          }
          if (gradient.bias != nullptr)
            add_bias_gradient(dz, units, gradient.bias + gate * run.units);
        }
      }
    }
  }
};

template <class Real>
const CellKernels<Real>& slstm() {
  using Cell = Slstm<Real>;
  static constexpr CellKernels<Real> kernels{
      .gate_blocks = Cell::gates,
      .tape_blocks = Cell::blocks,
      .cells = Cell::cells,
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
