#include <algorithm>
#include <array>

#include "kernels/cell_gates.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/kernel_activation.h"
#include "layers/recurrent/lstm_variant_run.h"
#include "layers/recurrent/row_normalization.h"
#include "layers/recurrent/zoneout.h"

namespace chronicler {
namespace {

using namespace kernels::cell_gates;
using kernels::Start;

}  // namespace

void LSTMVariantCell::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
}

// The way back through a step, equation by equation.
template <class Real>
void LSTMVariantCell::backward_rows(const Weights<Real>& w, const Record<Real>& record,
                                    const Flows<Real>& flows, const Stretch& some) const {
  const auto from = [](const Real* all, std::int64_t place) {
    return all == nullptr ? nullptr : all + place;
  };
  // h = kh h' + (1 - kh) h*, and the same for c.
  const std::int64_t first = some.first();
  const std::int64_t first_hidden = some.begin * w.hidden;
  unmix(from(record.hidden_zone, first_hidden), some.rows() * w.hidden,
        from(flows.d_hidden_after, first_hidden), flows.d_inputs[1] + first_hidden,
        flows.d_fresh_hidden + first_hidden);
  unmix(from(record.cell_zone, first), some.count(), from(flows.d_cell_after, first),
        flows.d_cell_before + first, flows.d_cell + first);
  backward_hidden(w, record, flows, some);
  backward_cell(w, record, flows, some);
  backward_products(w, record, flows, some);
}

// A gate's gradient, from flows.scratch to that of its sums.
template <class Real>
void LSTMVariantCell::activated_back(const Record<Real>& record, const Flows<Real>& flows,
                                     const Stretch& some, std::int64_t gate) const {
  const std::int64_t at = gate * some.block() + some.first();
  kernels::activate_backward(
      activation_of(gate), some.rows(), some.units,
      record.preactivations == nullptr ? nullptr : record.preactivations + at,
      record.activated + at, flows.scratch + some.first(), flows.d_gates + at);
}

// Through a gate's peephole to the cell that it looks at.
template <class Real>
void LSTMVariantCell::look_back(const Weights<Real>& w, const Flows<Real>& flows,
                                const Stretch& some, std::int64_t gate, std::int64_t peephole,
                                Real* to) const {
  if (w.peepholes == nullptr) return;
  const std::int64_t units = some.units;
  const Real* weight = w.peepholes + peephole * units;
  for (std::int64_t row = 0; row < some.rows(); ++row) {
    const Real* dz = flows.d_gates + gate * some.block() + some.first() + row * units;
    for (std::int64_t i = 0; i < units; ++i) to[row * units + i] += weight[i] * dz[i];
  }
}

// h* = (s(zo) a(N(c*))) R
template <class Real>
void LSTMVariantCell::backward_hidden(const Weights<Real>& w, const Record<Real>& record,
                                      const Flows<Real>& flows, const Stretch& some) const {
  const std::int64_t units = some.units;
  const std::int64_t first = some.first();
  const std::int64_t count = some.count();
  Real* d_cell = flows.d_cell + first;
  Real* d_hidden = flows.d_before_projection + first;
  if (w.projection != nullptr) {
    kernels::gemm_packed(some.rows(), units, w.hidden, flows.d_fresh_hidden + some.begin * w.hidden,
                         w.hidden, static_cast<const Real*>(packed_back_[2]), d_hidden, units,
                         Start::zero);
  }
  Real* flow = flows.scratch + first;
  const Real* shown = record.shown + first;
  const Real* output_gate = record.activated + output * some.block() + first;
  Real* d_shown = flows.d_shown + first;
  multiply(count, d_hidden, shown, flow);
  activated_back(record, flows, some, output);
  multiply(count, d_hidden, output_gate, d_shown);
  kernels::activate_backward(activation_of(candidate), some.rows(), units,
                             record.cell_shown + first, shown, d_shown, d_shown);
  const Real* d_from_hidden = d_shown;
  if (options_.layer_normalization) {
    RowNormalization<Real>{1, record.rows, units}.backward(some.begin, some.end, flows.d_shown,
                                                           w.cell_gamma, record.normalized[2],
                                                           record.inverse[2], flows.scratch);
    d_from_hidden = flow;
  }
  for (std::int64_t i = 0; i < count; ++i) d_cell[i] += d_from_hidden[i];
  look_back(w, flows, some, output, 2, d_cell);
}

// c* = s(zf) c' + s(zi) a(zc)
template <class Real>
void LSTMVariantCell::backward_cell(const Weights<Real>& w, const Record<Real>& record,
                                    const Flows<Real>& flows, const Stretch& some) const {
  const std::int64_t first = some.first();
  const auto gate_of = [&](std::int64_t gate) {
    return record.activated + gate * some.block() + first;
  };
  const Real* before = record.cell_before + first;
  const Real* d_cell = flows.d_cell + first;
  Real* d_cell_before = flows.d_cell_before + first;
  for (const std::int64_t gate : {input, forget, candidate}) {
    const Real* factor = gate == input    ? gate_of(candidate)
                         : gate == forget ? before
                                          : gate_of(input);
    multiply(some.count(), d_cell, factor, flows.scratch + first);
    activated_back(record, flows, some, gate);
  }
  const Real* forget_gate = gate_of(forget);
  for (std::int64_t i = 0; i < some.count(); ++i) d_cell_before[i] += d_cell[i] * forget_gate[i];
  look_back(w, flows, some, input, 0, d_cell_before);
  look_back(w, flows, some, forget, 1, d_cell_before);
}

// Through the normalizations to the two products, and to what they read.
template <class Real>
void LSTMVariantCell::backward_products(const Weights<Real>& w, const Record<Real>& record,
                                        const Flows<Real>& flows, const Stretch& some) const {
  if (options_.layer_normalization) {
    const RowNormalization<Real> norm{gates, record.rows, some.units};
    norm.backward(some.begin, some.end, flows.d_gates, w.kernel_gamma, record.normalized[0],
                  record.inverse[0], flows.d_parts[0]);
    norm.backward(some.begin, some.end, flows.d_gates, w.recurrent_gamma, record.normalized[1],
                  record.inverse[1], flows.d_parts[1]);
  }
  if (flows.d_inputs[0] != nullptr) {
    const std::int64_t width = record.x.width;
    std::fill_n(flows.d_inputs[0] + some.begin * width, some.rows() * width, Real{0});
    read_gradient(record.x, static_cast<const Real*>(packed_back_[0]), flows.d_parts[0],
                  record.rows, some.units, some.begin, some.end, flows.d_gate_inputs[0],
                  flows.d_inputs[0]);
  }
  read_gradient(record.hidden, static_cast<const Real*>(packed_back_[1]), flows.d_parts[1],
                record.rows, some.units, some.begin, some.end, flows.d_gate_inputs[1],
                flows.d_inputs[1]);
}

// Sums over all rows: each task adds up what is one gate's, or, after the gates, no gate's.
template <class Real>
void LSTMVariantCell::add_weight_gradients(const Weights<Real>& w, const Record<Real>& record,
                                           const Flows<Real>& flows, std::int64_t part) const {
  const std::int64_t rows = record.rows;
  const std::int64_t units = options_.units;
  const std::int64_t block = rows * units;
  const auto [d_kernel, d_recurrent_kernel, d_bias, d_peepholes, d_projection, d_kernel_gamma,
              d_recurrent_gamma, d_cell_gamma, d_cell_beta] = w.gradients;
  // out[i] += sum over rows of a b
  const auto add_products = [&](const Real* a, const Real* b, Real* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < units; ++i) out[i] += a[row * units + i] * b[row * units + i];
    }
  };
  if (part == gates) {
    if (d_projection != nullptr) {
      kernels::gemm_outer(units, w.hidden, rows, record.before_projection, units,
                          flows.d_fresh_hidden, w.hidden, d_projection, w.hidden);
    }
    if (d_cell_gamma != nullptr) add_products(flows.d_shown, record.normalized[2], d_cell_gamma);
    if (d_cell_beta != nullptr) kernels::add_rows(units, rows, flows.d_shown, units, d_cell_beta);
    return;
  }
  const std::int64_t gate = part;
  const auto own = static_cast<std::size_t>(gate);
  const std::int64_t column = gate * units;
  const std::int64_t at = gate * block;
  const Real* dz = flows.d_gates + at;
  if (d_bias != nullptr) kernels::add_rows(units, rows, dz, units, d_bias + column);
  if (d_peepholes != nullptr && gate != candidate) {
    const std::int64_t peephole = gate == input ? 0 : gate == forget ? 1 : 2;
    add_products(gate == output ? record.cell : record.cell_before, dz,
                 d_peepholes + peephole * units);
  }
  if (d_kernel_gamma != nullptr)
    add_products(dz, record.normalized[0] + at, d_kernel_gamma + column);
  if (d_recurrent_gamma != nullptr)
    add_products(dz, record.normalized[1] + at, d_recurrent_gamma + column);
  if (d_kernel != nullptr) {
    kernels::gemm_outer(record.x.width, units, rows, record.x.rows[own], record.x.width,
                        flows.d_parts[0] + at, units, d_kernel + column, gates * units);
  }
  if (d_recurrent_kernel != nullptr) {
    kernels::gemm_outer(w.hidden, units, rows, record.hidden.rows[own], w.hidden,
                        flows.d_parts[1] + at, units, d_recurrent_kernel + column, gates * units);
  }
}

template <class Real>
void LSTMVariantCell::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const std::int64_t rows = record.rows;
  const std::int64_t units = options_.units;
  const std::int64_t block = rows * units;
  const std::int64_t width = record.x.width;
  const Weights<Real> w = weights<Real>();
  Arena& arena = pass.arena;

  const TensorView d_hidden_after = added(arena, gradient.outputs[0], gradient.outputs[1]);
  const TensorView& d_cell_after = gradient.outputs[2];
  Flows<Real> flows{};
  if (d_hidden_after) flows.d_hidden_after = d_hidden_after.as<Real>();
  if (d_cell_after) flows.d_cell_after = d_cell_after.as<Real>();
  flows.d_before_projection = arena.array<Real>(block);
  flows.d_fresh_hidden =
      w.projection != nullptr ? arena.array<Real>(rows * w.hidden) : flows.d_before_projection;
  flows.d_cell = arena.array<Real>(block);
  flows.d_shown = arena.array<Real>(block);
  flows.scratch = arena.array<Real>(block);
  flows.d_gates = arena.array<Real>(gates * block);
  flows.d_parts = {flows.d_gates, flows.d_gates};
  if (options_.layer_normalization)
    flows.d_parts = {arena.array<Real>(gates * block), arena.array<Real>(gates * block)};
  flows.d_cell_before = arena.array<Real>(block);
  if (gradient.wanted[0]) flows.d_inputs[0] = arena.array<Real>(rows * width);
  flows.d_inputs[1] = arena.array<Real>(rows * w.hidden);
  if (record.x.factors != nullptr) flows.d_gate_inputs[0] = arena.array<Real>(rows * width);
  if (record.hidden.factors != nullptr) flows.d_gate_inputs[1] = arena.array<Real>(rows * w.hidden);
  if (packed_back_[1] == nullptr) {
    if (gradient.wanted[0]) packed_back_[0] = packed_gates(arena, w.kernel, width, units, true);
    packed_back_[1] = packed_gates(arena, w.recurrent_kernel, w.hidden, units, true);
    if (w.projection != nullptr) {
      Real* packed = arena.array<Real>(kernels::packed_size<Real>(w.hidden, units));
      kernels::pack(w.hidden, units, w.projection, w.hidden, true, packed);
      packed_back_[2] = packed;
    }
  }

  const bool share = is_worth_sharing(rows, units, width + w.hidden);
  for_each_stretch(pass.runtime, rows, share, [&](std::int64_t begin, std::int64_t end) {
    backward_rows(w, record, flows, {rows, units, begin, end});
  });
  if (trainable()) {
    constexpr std::int64_t parts = gates + 1;  // what is no gate's is one more
    const std::int64_t tasks = share ? parts : 1;
    pass.runtime.parallel(tasks, [&](std::int64_t task) {
      for (std::int64_t part = task; part < parts; part += tasks)
        add_weight_gradients(w, record, flows, part);
    });
  }
  if (gradient.wanted[0])
    gradient.inputs[0] = TensorView(flows.d_inputs[0], dtype(), {rows, width});
  gradient.inputs[1] = TensorView(flows.d_inputs[1], dtype(), {rows, w.hidden});
  gradient.inputs[2] = TensorView(flows.d_cell_before, dtype(), {rows, units});
}

}  // namespace chronicler
