// What the readable cells share: where a row's numbers lie at a step, and the three products of a
// row with a gate's block of a weight matrix.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/recurrence.h"
#include "kernels/reference/activation.h"

namespace chronicler::kernels::reference {

// ---- Where things are: row n at step t.

template <class Real>
bool is_masked(const Recurrence<Real>& run, std::int64_t t, std::int64_t n) {
  return run.mask != nullptr && run.mask[t * run.rows + n] == 0;
}

// `states` (hidden or cell) in slot s: before step s, after step s - 1.
template <class Real>
Real* state_at(const Recurrence<Real>& run, Real* states, std::int64_t s, std::int64_t n) {
  return states + (s % run.state_slots * run.rows + n) * run.units;
}

// `gates` (tape or preactivations; null stays null) of a cell that keeps `blocks` blocks.
template <class Real>
Real* gates_at(const Recurrence<Real>& run, Real* gates, std::int64_t blocks, std::int64_t t,
               std::int64_t n) {
  if (gates == nullptr) return nullptr;
  return gates + (t % run.tape_slots * run.rows + n) * blocks * run.units;
}

// What a derivative is taken at: preactivations are absent if no activation needs them.
template <class Real>
Real preactivation(const Real* preactivations, std::int64_t i) {
  return preactivations == nullptr ? Real{0} : preactivations[i];
}

// ---- A row's input or state on its way to one gate, and that gate's block of the weights.

// in[k] * factors[k]; factors null: 1.
template <class Real>
struct Dropped {
  const Real* in;
  const Real* factors;
  std::int64_t size;

  Real factor(std::int64_t k) const { return factors == nullptr ? Real{1} : factors[k]; }
  Real operator[](std::int64_t k) const { return in[k] * factor(k); }
};

template <class Real>
Dropped<Real> input_to(const Recurrence<Real>& run, std::int64_t gate, std::int64_t t,
                       std::int64_t n) {
  const Real* factors = run.input_dropout;
  const std::int64_t block = run.input_dropout_blocks == 1 ? 0 : gate;
  if (factors != nullptr) factors += (block * run.rows + n) * run.features;
  return {run.x.at(t, n), factors, run.features};
}

template <class Real>
const Real* recurrent_factors(const Recurrence<Real>& run, std::int64_t gate, std::int64_t n) {
  if (run.recurrent_dropout == nullptr) return nullptr;
  return run.recurrent_dropout + (gate * run.rows + n) * run.units;
}

// The hidden state before step t.
template <class Real>
Dropped<Real> hidden_to(const Recurrence<Real>& run, std::int64_t gate, std::int64_t t,
                        std::int64_t n) {
  return {state_at(run, run.hidden, t, n), recurrent_factors(run, gate, n), run.units};
}

// A gate's block of columns of kernel or recurrent_kernel: element (k, u) is at data[k * stride +
// u].
template <class Real>
struct Block {
  Real* data;
  std::int64_t stride;

  Real* row(std::int64_t k) const { return data + k * stride; }
};

template <class Real>
Block<Real> block_of(Real* matrix, std::int64_t gate, std::int64_t gates, std::int64_t units) {
  return {matrix + gate * units, gates * units};
}

// out[u] += sum_k in[k] W[k][u]
template <class Real>
void add_product(const Dropped<Real>& in, Block<const Real> weights, std::int64_t units,
                 Real* out) {
  for (std::int64_t k = 0; k < in.size; ++k) {
    const Real value = in[k];
    const Real* row = weights.row(k);
    for (std::int64_t u = 0; u < units; ++u) out[u] += value * row[u];
  }
}

// The gradient of the same by the input: gradient[k] += factors[k] sum_u d_out[u] W[k][u]
template <class Real>
void add_input_gradient(const Real* d_out, Block<const Real> weights, std::int64_t units,
                        const Dropped<Real>& in, Real* gradient) {
  for (std::int64_t k = 0; k < in.size; ++k) {
    const Real* row = weights.row(k);
    Real sum = 0;
    for (std::int64_t u = 0; u < units; ++u) sum += d_out[u] * row[u];
    gradient[k] += in.factor(k) * sum;
  }
}

// The columns of every gate block that a share of weight_gradient adds to.
template <class Real>
Range units_of(const Recurrence<Real>& run, Share share) {
  return {run.units * share.index / share.count, run.units * (share.index + 1) / share.count};
}

// ... and by the weights: gradient[k][u] += in[k] d_out[u], for some of the units.
template <class Real>
void add_weight_gradient(const Dropped<Real>& in, const Real* d_out, Range units,
                         Block<Real> gradient) {
  for (std::int64_t k = 0; k < in.size; ++k) {
    const Real value = in[k];
    Real* row = gradient.row(k);
    for (std::int64_t u = units.begin; u < units.end; ++u) row[u] += value * d_out[u];
  }
}

template <class Real>
void add_bias_gradient(const Real* d_out, Range units, Real* gradient) {
  for (std::int64_t u = units.begin; u < units.end; ++u) gradient[u] += d_out[u];
}

// ---- Steps that all cells have in common.

// A bias's block for one gate, or zeros.
template <class Real>
void start_with_bias(const Real* bias, std::int64_t gate, std::int64_t units, Real* out) {
  if (bias == nullptr) {
    std::fill_n(out, units, Real{0});
  } else {
    std::copy_n(bias + gate * units, units, out);
  }
}

// The gradient by hidden(t): what came from the steps after it, and what comes from outside.
template <class Real>
void meet_output_gradient(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                          std::int64_t t, std::int64_t n, Real* d_hidden) {
  const std::int64_t at = (t * run.rows + n) * run.units;
  for (std::int64_t u = 0; u < run.units; ++u) {
    if (gradient.output != nullptr) d_hidden[u] += gradient.output[at + u];
    if (gradient.trace != nullptr) gradient.trace[at + u] = d_hidden[u];
  }
}

// dx, of a cell whose gates' gradients are the first blocks of its tape.
template <class Real>
void write_input_gradient(const Recurrence<Real>& run, const RecurrenceGradient<Real>& gradient,
                          std::int64_t gates, std::int64_t tape_blocks, Range rows) {
  if (gradient.x.data == nullptr) return;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      const Real* d_gates = gates_at(run, run.tape, tape_blocks, t, n);
      Real* dx = gradient.x.at(t, n);
      std::fill_n(dx, run.features, Real{0});
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        add_input_gradient(d_gates + gate * run.units, block_of(run.kernel, gate, gates, run.units),
                           run.units, input_to(run, gate, t, n), dx);
      }
    }
  }
}

// The readable kernels read the weights where they are, and need no memory of their own unless they
// say so.
template <class Real>
std::int64_t nothing_packed(const Recurrence<Real>&, bool) {
  return 0;
}
template <class Real>
std::int64_t no_scratch(const Recurrence<Real>&, bool) {
  return 0;
}
template <class Real>
std::int64_t no_workspace(const Recurrence<Real>&) {
  return 0;
}
template <class Real>
void nothing_to_prepare(const Recurrence<Real>&, Share) {}
template <class Real>
void nothing_to_prepare_backward(const Recurrence<Real>&, const RecurrenceGradient<Real>&, Share) {}

}  // namespace chronicler::kernels::reference
