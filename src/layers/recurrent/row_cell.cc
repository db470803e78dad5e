#include "layers/recurrent/row_cell.h"

#include <algorithm>
#include <array>

#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/elementwise/dropout_factors.h"

namespace chronicler {
namespace {

using kernels::Start;

enum Gate : std::int64_t { update, reset, candidate };
constexpr std::size_t most_gates = 3;

// What a product reads: with dropout, perhaps other numbers for each gate.
template <class Real>
struct Source {
  const Real* factors = nullptr;  // [blocks][rows * width]
  std::int64_t blocks = 1;
  std::int64_t width = 0;
  std::int64_t size = 0;
  std::array<const Real*, most_gates> rows{};

  const Real* factors_of(std::int64_t gate) const {
    return factors == nullptr ? nullptr : factors + (blocks == 1 ? 0 : gate) * size;
  }
};

template <class Real>
Source<Real> source_of(Arena& arena, const TensorView& x, const Real* factors, std::int64_t blocks,
                       std::int64_t gates) {
  Source<Real> source{factors, blocks, x.shape()[1], x.size(), {}};
  for (std::int64_t gate = 0; gate < gates; ++gate) {
    const Real* rows = x.as<Real>();
    if (factors != nullptr) {
      Real* dropped = arena.array<Real>(x.size());
      std::transform(rows, rows + x.size(), source.factors_of(gate), dropped, std::multiplies<>());
      rows = dropped;
    }
    source.rows[static_cast<std::size_t>(gate)] = rows;
  }
  return source;
}

// out [rows][width] += factors * (dz [rows][units] times the transposed columns of a kernel).
template <class Real>
void add_back(Arena& arena, std::int64_t rows, std::int64_t units, const Real* dz,
              const Real* kernel, std::int64_t columns, const Real* factors, std::int64_t width,
              Real* out) {
  Real* packed = arena.array<Real>(kernels::packed_size<Real>(units, width));
  kernels::pack(units, width, kernel, columns, true, packed);
  Real* part = factors == nullptr ? out : arena.array<Real>(rows * width);
  kernels::gemm_packed(rows, width, units, dz, units, static_cast<const Real*>(packed), part, width,
                       factors == nullptr ? Start::accumulate : Start::zero);
  if (factors == nullptr) return;
  for (std::int64_t i = 0; i < rows * width; ++i) out[i] += factors[i] * part[i];
}

}  // namespace

// What forward keeps for backward; blocks are [rows][units].
template <class Real>
struct RowCell::Record {
  std::int64_t rows;
  Source<Real> x;
  Source<Real> hidden;
  const Real* before;                      // h'
  std::array<Real*, most_gates> sums{};    // before the activations
  std::array<Real*, most_gates> values{};  // after them
  // Of the candidate: h' U + b after the reset gate's place (reset_after), or r h', which U takes.
  Real* recurrent = nullptr;
};

RowCell::RowCell(const RowCellOptions& options, const ParameterList& weights, DType dtype,
                 bool trainable)
    : options_(options), weights_(weights) {
  set_dtype(dtype);
  set_trainable(trainable);
}

std::vector<Shape> RowCell::output_shapes(std::span<const Shape> inputs) const {
  const Shape hidden{inputs[0][0], options_.units};
  return {hidden, hidden};
}

kernels::Activation RowCell::activation_of(std::int64_t gate) const {
  const bool is_gate = options_.recurrent_activation && gate != candidate;
  return is_gate ? *options_.recurrent_activation : options_.activation;
}

// A gate's part of the bias of the input (row 0) or of the state (row 1); null if there is none.
template <class Real>
const Real* RowCell::bias(std::int64_t row, std::int64_t gate) const {
  const bool has_rows = options_.recurrent_activation && options_.reset_after;
  if (!options_.use_bias || (row == 1 && !has_rows)) return nullptr;
  return weights_[2].value.as<Real>() + (row * gates() + gate) * options_.units;
}

void RowCell::forward(Pass& pass, Call& call) const {
  with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
}
void RowCell::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
}

// out [rows][units] of a gate: `from` times its columns of the kernel (weight 0) or of the
// recurrent one (weight 1).
template <class Real>
void RowCell::add_product(const Record<Real>& record, const Real* from, std::int64_t width,
                          std::size_t weight, std::int64_t gate, Real* out, kernels::Start start,
                          const Real* row) const {
  const std::int64_t units = options_.units;
  kernels::gemm(record.rows, units, width, from, width,
                weights_[weight].value.template as<Real>() + gate * units, gates() * units, out,
                units, start, row);
}

template <class Real>
void RowCell::add_recurrent(const Record<Real>& record, std::int64_t gate, Real* out) const {
  add_product<Real>(record, record.hidden.rows[static_cast<std::size_t>(gate)], record.hidden.width,
                    1, gate, out, Start::accumulate, nullptr);
  const Real* own_bias = bias<Real>(1, gate);
  for (std::int64_t i = 0; own_bias != nullptr && i < record.rows * options_.units; ++i)
    out[i] += own_bias[i % options_.units];
}

template <class Real>
void RowCell::activate(const Record<Real>& record, std::int64_t gate) const {
  const auto g = static_cast<std::size_t>(gate);
  kernels::activate(activation_of(gate), record.rows, options_.units, record.sums[g],
                    record.values[g]);
}

// The GRU, from the products of the input to h.
template <class Real>
void RowCell::forward_gated(const Record<Real>& record, Real* after) const {
  const std::int64_t block = record.rows * options_.units;
  for (const std::int64_t gate : {update, reset}) {
    add_recurrent(record, gate, record.sums[static_cast<std::size_t>(gate)]);
    activate(record, gate);
  }
  const Real* r = record.values[reset];
  if (options_.reset_after) {
    std::fill_n(record.recurrent, block, Real{0});
    add_recurrent(record, candidate, record.recurrent);
    for (std::int64_t i = 0; i < block; ++i)
      record.sums[candidate][i] += r[i] * record.recurrent[i];
  } else {
    const Real* h = record.hidden.rows[candidate];
    for (std::int64_t i = 0; i < block; ++i) record.recurrent[i] = r[i] * h[i];
    add_product<Real>(record, record.recurrent, record.hidden.width, 1, candidate,
                      record.sums[candidate], Start::accumulate, nullptr);
  }
  activate(record, candidate);
  const Real* z = record.values[update];
  const Real* n = record.values[candidate];
  for (std::int64_t i = 0; i < block; ++i)
    after[i] = z[i] * record.before[i] + (Real{1} - z[i]) * n[i];
}

template <class Real>
void RowCell::run_forward(Pass& pass, Call& call) const {
  const TensorView& x = call.inputs[0].data;
  const TensorView& hidden = call.inputs[1].data;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t units = options_.units;
  const std::int64_t block = rows * units;
  Arena& arena = pass.arena;
  Record<Real>& record = arena_objects<Record<Real>>(arena, 1)[0];
  record.rows = rows;
  record.before = hidden.as<Real>();
  const std::int64_t x_blocks = options_.recurrent_dropout > 0.0 ? gates() : 1;
  record.x = source_of(arena, x,
                       dropout_factors<Real>(pass, options_.seed, options_.dropout,
                                             x_blocks * x.size(), 2 * pass.step),
                       x_blocks, gates());
  record.hidden = source_of(arena, hidden,
                            dropout_factors<Real>(pass, options_.seed, options_.recurrent_dropout,
                                                  gates() * block, 2 * pass.step + 1),
                            gates(), gates());
  for (std::int64_t gate = 0; gate < gates(); ++gate) {
    const auto g = static_cast<std::size_t>(gate);
    record.sums[g] = arena.array<Real>(block);
    record.values[g] = arena.array<Real>(block);
    const Real* own_bias = bias<Real>(0, gate);
    add_product(record, record.x.rows[g], record.x.width, 0, gate, record.sums[g],
                own_bias == nullptr ? Start::zero : Start::row, own_bias);
  }
  TensorView after;
  if (options_.recurrent_activation) {
    after = arena.tensor({rows, units}, dtype());
    record.recurrent = arena.array<Real>(block);
    forward_gated(record, after.as<Real>());
  } else {
    add_recurrent(record, 0, record.sums[0]);
    activate(record, 0);
    after = TensorView(record.values[0], dtype(), {rows, units});
  }
  call.outputs[0] = {after, {}};
  call.outputs[1] = {after, {}};
  if (call.tape != nullptr) call.tape->record = &record;
}

// The way back through a step: where what flows goes.
template <class Real>
struct RowCell::Back {
  Arena& arena;
  const Record<Real>& record;
  Real* d_kernel = nullptr;  // null, as the next two: does not learn
  Real* d_recurrent_kernel = nullptr;
  Real* d_bias = nullptr;
  Real* dh = nullptr;                  // of h'
  std::array<Real*, most_gates> dz{};  // of the gates, then of their sums
};

// Through the recurrent product of a gate: to the state, the kernel and the bias.
template <class Real>
void RowCell::through_state(const Back<Real>& back, std::int64_t gate, const Real* dz) const {
  const std::int64_t rows = back.record.rows;
  const std::int64_t units = options_.units;
  const std::int64_t columns = gates() * units;
  const Source<Real>& hidden = back.record.hidden;
  add_back(back.arena, rows, units, dz, weights_[1].value.template as<Real>() + gate * units,
           columns, hidden.factors_of(gate), units, back.dh);
  if (back.d_recurrent_kernel != nullptr) {
    kernels::gemm_outer(units, units, rows, hidden.rows[static_cast<std::size_t>(gate)], units, dz,
                        units, back.d_recurrent_kernel + gate * units, columns);
  }
  if (back.d_bias != nullptr && bias<Real>(1, gate) != nullptr)
    kernels::add_rows(units, rows, dz, units, back.d_bias + columns + gate * units);
}

// Through a gate's activation, in place.
template <class Real>
void RowCell::activated_back(const Back<Real>& back, std::int64_t gate) const {
  const auto g = static_cast<std::size_t>(gate);
  kernels::activate_backward(activation_of(gate), back.record.rows, options_.units,
                             back.record.sums[g], back.record.values[g],
                             static_cast<const Real*>(back.dz[g]), back.dz[g]);
}

// The GRU, from dLoss/dh to what the sums of its gates get.
template <class Real>
void RowCell::backward_gated(const Back<Real>& back, const Real* dy) const {
  const Record<Real>& record = back.record;
  const std::int64_t block = record.rows * options_.units;
  const Real* z = record.values[update];
  const Real* r = record.values[reset];
  const Real* n = record.values[candidate];
  for (std::int64_t i = 0; i < block; ++i) {
    back.dz[candidate][i] = dy[i] * (Real{1} - z[i]);
    back.dz[update][i] = dy[i] * (record.before[i] - n[i]);
    back.dh[i] = dy[i] * z[i];
  }
  activated_back(back, candidate);
  Real* d_part = back.arena.template array<Real>(block);
  if (options_.reset_after) {
    for (std::int64_t i = 0; i < block; ++i) {
      d_part[i] = back.dz[candidate][i] * r[i];
      back.dz[reset][i] = back.dz[candidate][i] * record.recurrent[i];
    }
    through_state<Real>(back, candidate, d_part);
  } else {
    reset_before_back(back, d_part);
  }
  for (const std::int64_t gate : {update, reset}) {
    activated_back(back, gate);
    through_state<Real>(back, gate, back.dz[static_cast<std::size_t>(gate)]);
  }
}

// Through (r h') U. d_part: room for the gradient of r h'.
template <class Real>
void RowCell::reset_before_back(const Back<Real>& back, Real* d_part) const {
  const Record<Real>& record = back.record;
  const std::int64_t rows = record.rows;
  const std::int64_t units = options_.units;
  const std::int64_t columns = gates() * units;
  const std::int64_t block = rows * units;
  std::fill_n(d_part, block, Real{0});
  add_back<Real>(back.arena, rows, units, back.dz[candidate],
                 weights_[1].value.template as<Real>() + candidate * units, columns, nullptr, units,
                 d_part);
  if (back.d_recurrent_kernel != nullptr) {
    kernels::gemm_outer<Real>(units, units, rows, record.recurrent, units, back.dz[candidate],
                              units, back.d_recurrent_kernel + candidate * units, columns);
  }
  const Real* r = record.values[reset];
  const Real* h = record.hidden.rows[candidate];
  const Real* factors = record.hidden.factors_of(candidate);
  for (std::int64_t i = 0; i < block; ++i) {
    back.dz[reset][i] = d_part[i] * h[i];
    back.dh[i] += d_part[i] * r[i] * (factors == nullptr ? Real{1} : factors[i]);
  }
}

template <class Real>
void RowCell::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const std::int64_t rows = record.rows;
  const std::int64_t units = options_.units;
  const std::int64_t columns = gates() * units;
  const std::int64_t block = rows * units;
  Arena& arena = pass.arena;
  const TensorView flowing = added(arena, gradient.outputs[0], gradient.outputs[1]);
  const Real* dy = flowing.as<Real>();
  const auto gradient_of = [&](std::size_t weight) {
    return trainable() ? weights_[weight].gradient.as<Real>() : nullptr;
  };
  const TensorView d_hidden = gradient.inputs[1] = arena.zeros({rows, units}, dtype());
  Back<Real> back{arena,
                  record,
                  gradient_of(0),
                  gradient_of(1),
                  options_.use_bias ? gradient_of(2) : nullptr,
                  d_hidden.as<Real>(),
                  {}};
  for (std::size_t gate = 0; gate < static_cast<std::size_t>(gates()); ++gate)
    back.dz[gate] = arena.array<Real>(block);
  if (options_.recurrent_activation) {
    backward_gated(back, dy);
  } else {
    std::copy_n(dy, block, back.dz[0]);
    activated_back(back, 0);
    through_state<Real>(back, 0, back.dz[0]);
  }

  Real* dx = nullptr;
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.zeros(call.inputs[0].data.shape(), dtype());
    dx = gradient.inputs[0].template as<Real>();
  }
  const std::int64_t width = record.x.width;
  for (std::int64_t gate = 0; gate < gates(); ++gate) {
    const auto g = static_cast<std::size_t>(gate);
    const Real* dz = back.dz[g];
    if (dx != nullptr) {
      add_back<Real>(arena, rows, units, dz, weights_[0].value.as<Real>() + gate * units, columns,
                     record.x.factors_of(gate), width, dx);
    }
    if (back.d_kernel != nullptr) {
      kernels::gemm_outer<Real>(width, units, rows, record.x.rows[g], width, dz, units,
                                back.d_kernel + gate * units, columns);
    }
    if (back.d_bias != nullptr)
      kernels::add_rows<Real>(units, rows, dz, units, back.d_bias + gate * units);
  }
}

}  // namespace chronicler
