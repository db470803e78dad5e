// GRU, one row after the other: the contract is kernels/gru.h.
#pragma once

#include "kernels/gru.h"
#include "kernels/reference/recurrence.h"

namespace chronicler::kernels::reference {

template <class Real>
struct Gru {
  using Run = Recurrence<Real>;
  using Gradient = RecurrenceGradient<Real>;

  static constexpr std::int64_t gates = 3;
  static constexpr std::int64_t blocks = 4;  // of the tape

  // Keras's order, in the weights and on the tape; the tape has one block more: hh, or r h' if
  // reset_after is false.
  enum Gate : std::int64_t { update, reset, candidate, recurrent };

  static Block<const Real> kernel(const Run& run, Gate gate) {
    return block_of(run.kernel, gate, gates, run.units);
  }
  static Block<const Real> recurrent_kernel(const Run& run, Gate gate) {
    return block_of(run.recurrent_kernel, gate, gates, run.units);
  }
  // b1; null if there is none.
  template <class T>
  static T* recurrent_bias(const Run& run, T* bias) {
    return run.reset_after && bias != nullptr ? bias + gates * run.units : nullptr;
  }
  // r h', with the dropout of the candidate, on its way to Uh.
  static Dropped<Real> reset_hidden(const Run& run, const Real* tape) {
    return {tape + recurrent * run.units, nullptr, run.units};
  }

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
    // [xz xr xh] = x W + b0
    for (const Gate gate : {update, reset, candidate}) {
      start_with_bias(run.bias, gate, units, tape + gate * units);
      add_product(input_to(run, gate, t, n), kernel(run, gate), units, tape + gate * units);
    }
    // z = s(xz + hz),  r = s(xr + hr)
    for (const Gate gate : {update, reset}) {
      Real* z = tape + gate * units;
      const Real* bias = recurrent_bias(run, run.bias);
      for (std::int64_t u = 0; u < units && bias != nullptr; ++u) z[u] += bias[gate * units + u];
      add_product(hidden_to(run, gate, t, n), recurrent_kernel(run, gate), units, z);
      if (preactivations != nullptr) std::copy_n(z, units, preactivations + gate * units);
      for (std::int64_t u = 0; u < units; ++u) z[u] = activated(run.recurrent_activation, z[u]);
    }
    // xh + r hh, or xh + (r h') Uh
    Real* inner = tape + candidate * units;
    Real* kept = tape + recurrent * units;
    const Real* reset_gate = tape + reset * units;
    const Dropped<Real> dropped = hidden_to(run, candidate, t, n);
    if (run.reset_after) {
      start_with_bias(recurrent_bias(run, run.bias), candidate, units, kept);
      add_product(dropped, recurrent_kernel(run, candidate), units, kept);
      for (std::int64_t u = 0; u < units; ++u) inner[u] += reset_gate[u] * kept[u];
    } else {
      for (std::int64_t u = 0; u < units; ++u) kept[u] = reset_gate[u] * dropped[u];
      add_product(reset_hidden(run, tape), recurrent_kernel(run, candidate), units, inner);
    }
    if (preactivations != nullptr) std::copy_n(inner, units, preactivations + candidate * units);
    // h = z h' + (1 - z) n
    for (std::int64_t u = 0; u < units; ++u) {
      const Real update_gate = tape[update * units + u];
      inner[u] = activated(run.activation, inner[u]);
      hidden[u] = update_gate * before[u] + (1 - update_gate) * inner[u];
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
    const Real* before = state_at(run, run.hidden, t, n);
    const Real* preactivations = gates_at(run, run.preactivations, blocks, t, n);
    // The derivative of a gate by what is activated, from what the tape still holds of it.
    const auto slope = [&](Activation activation, Gate gate, std::int64_t u) {
      const std::int64_t i = gate * units + u;
      return derivative(activation, preactivation(preactivations, i), tape[i]);
    };
    // dz and dn; and the way of h' through z h'.
    for (std::int64_t u = 0; u < units; ++u) {
      const Real update_gate = tape[update * units + u];
      const Real new_value = tape[candidate * units + u];
      const Real dh = d_hidden[u];
      tape[update * units + u] =
          dh * (before[u] - new_value) * slope(run.recurrent_activation, update, u);
      tape[candidate * units + u] = dh * (1 - update_gate) * slope(run.activation, candidate, u);
      d_hidden[u] = dh * update_gate;
    }
    // dr, and the way of h' through Uh.
    const Real* dn = tape + candidate * units;
    Real* dr = tape + reset * units;
    Real* kept = tape + recurrent * units;
    const Dropped<Real> dropped = hidden_to(run, candidate, t, n);
    if (run.reset_after) {
      for (std::int64_t u = 0; u < units; ++u) {
        const Real reset_gate = dr[u];
        dr[u] = dn[u] * kept[u] * slope(run.recurrent_activation, reset, u);
        kept[u] = dn[u] * reset_gate;
      }
      add_input_gradient(kept, recurrent_kernel(run, candidate), units, dropped, d_hidden);
    } else {
      Real* d_reset_hidden = run.scratch + n * units;
      std::fill_n(d_reset_hidden, units, Real{0});
      add_input_gradient(dn, recurrent_kernel(run, candidate), units, reset_hidden(run, tape),
                         d_reset_hidden);
      for (std::int64_t u = 0; u < units; ++u) {
        const Real reset_gate = dr[u];
        dr[u] = d_reset_hidden[u] * dropped[u] * slope(run.recurrent_activation, reset, u);
        d_hidden[u] += d_reset_hidden[u] * reset_gate * dropped.factor(u);
      }
    }
    for (const Gate gate : {update, reset}) {
      add_input_gradient(tape + gate * units, recurrent_kernel(run, gate), units,
                         hidden_to(run, gate, t, n), d_hidden);
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
        for (const Gate gate : {update, reset, candidate}) {
          add_step_to_weight_gradient(run, gradient, gate, t, n, units);
        }
      }
    }
  }

  static void add_step_to_weight_gradient(const Run& run, const Gradient& gradient, Gate gate,
                                          std::int64_t t, std::int64_t n, Range units) {
    const Real* tape = gates_at(run, run.tape, blocks, t, n);
    const Real* d_gate = tape + gate * run.units;
    // What reaches the recurrent kernel: with reset_after, the candidate's part has gone through r.
    const Real* d_recurrent =
        gate == candidate && run.reset_after ? tape + recurrent * run.units : d_gate;
    const Dropped<Real> hidden = gate == candidate && !run.reset_after ? reset_hidden(run, tape)
                                                                       : hidden_to(run, gate, t, n);
    add_weight_gradient(input_to(run, gate, t, n), d_gate, units,
                        block_of(gradient.kernel, gate, gates, run.units));
    add_weight_gradient(hidden, d_recurrent, units,
                        block_of(gradient.recurrent_kernel, gate, gates, run.units));
    if (gradient.bias == nullptr) return;
    add_bias_gradient(d_gate, units, gradient.bias + gate * run.units);
    if (Real* bias = recurrent_bias(run, gradient.bias)) {
      add_bias_gradient(d_recurrent, units, bias + gate * run.units);
    }
  }

  // The gradient by r h', on its way back through a row.
  static std::int64_t scratch_size(const Run& run, bool training) {
    return training && !run.reset_after ? run.units : 0;
  }
};

template <class Real>
const CellKernels<Real>& gru() {
  using Cell = Gru<Real>;
  static constexpr CellKernels<Real> kernels{
      .gate_blocks = Cell::gates,
      .tape_blocks = Cell::blocks,
      .cells = 0,
      .packed_size = nothing_packed<Real>,
      .scratch_size = Cell::scratch_size,
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
