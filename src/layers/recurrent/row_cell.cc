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

template <class Real>
void RowCell::run_forward(Pass& pass, Call& call) const {
  const TensorView& x = call.inputs[0].data;
  const TensorView& hidden = call.inputs[1].data;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t units = options_.units;
  const std::int64_t columns = gates() * units;
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
  const Real* kernel = weights_[0].value.as<Real>();
  const Real* recurrent_kernel = weights_[1].value.as<Real>();
  const auto multiply = [&](const Source<Real>& source, const Real* from, const Real* matrix,
                            std::int64_t gate, Real* out, Start start, const Real* row) {
    kernels::gemm(rows, units, source.width, from, source.width, matrix + gate * units, columns,
                  out, units, start, row);
  };
  const auto add_recurrent = [&](std::int64_t gate, Real* out) {
    multiply(record.hidden, record.hidden.rows[static_cast<std::size_t>(gate)], recurrent_kernel,
             gate, out, Start::accumulate, nullptr);
    const Real* own_bias = bias<Real>(1, gate);
    for (std::int64_t i = 0; own_bias != nullptr && i < block; ++i) out[i] += own_bias[i % units];
  };
  const auto activate = [&](std::int64_t gate) {
    const auto g = static_cast<std::size_t>(gate);
    kernels::activate(activation_of(gate), rows, units, record.sums[g], record.values[g]);
  };
  for (std::int64_t gate = 0; gate < gates(); ++gate) {
    const auto g = static_cast<std::size_t>(gate);
    record.sums[g] = arena.array<Real>(block);
    record.values[g] = arena.array<Real>(block);
    const Real* own_bias = bias<Real>(0, gate);
    multiply(record.x, record.x.rows[g], kernel, gate, record.sums[g],
             own_bias == nullptr ? Start::zero : Start::row, own_bias);
  }
  TensorView after;
  if (!options_.recurrent_activation) {
    add_recurrent(0, record.sums[0]);
    activate(0);
    after = TensorView(record.values[0], dtype(), {rows, units});
  } else {
    for (const std::int64_t gate : {update, reset}) {
      add_recurrent(gate, record.sums[static_cast<std::size_t>(gate)]);
      activate(gate);
    }
    const Real* r = record.values[reset];
    record.recurrent = arena.array<Real>(block);
    if (options_.reset_after) {
      std::fill_n(record.recurrent, block, Real{0});
      add_recurrent(candidate, record.recurrent);
      for (std::int64_t i = 0; i < block; ++i)
        record.sums[candidate][i] += r[i] * record.recurrent[i];
    } else {
      const Real* h = record.hidden.rows[candidate];
      for (std::int64_t i = 0; i < block; ++i) record.recurrent[i] = r[i] * h[i];
      multiply(record.hidden, record.recurrent, recurrent_kernel, candidate, record.sums[candidate],
               Start::accumulate, nullptr);
    }
    activate(candidate);
    after = arena.tensor({rows, units}, dtype());
    const Real* z = record.values[update];
    const Real* n = record.values[candidate];
    for (std::int64_t i = 0; i < block; ++i)
      after.as<Real>()[i] = z[i] * record.before[i] + (Real{1} - z[i]) * n[i];
  }
  call.outputs[0] = {after, {}};
  call.outputs[1] = {after, {}};
  if (call.tape != nullptr) call.tape->record = &record;
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
  const Real* kernel = weights_[0].value.as<Real>();
  const Real* recurrent_kernel = weights_[1].value.as<Real>();
  const auto gradient_of = [&](std::size_t weight) {
    return trainable() ? weights_[weight].gradient.as<Real>() : nullptr;
  };
  Real* d_kernel = gradient_of(0);
  Real* d_recurrent_kernel = gradient_of(1);
  Real* d_bias = options_.use_bias ? gradient_of(2) : nullptr;

  const TensorView d_hidden = gradient.inputs[1] = arena.zeros({rows, units}, dtype());
  Real* dh = d_hidden.as<Real>();
  // Through the recurrent product of a gate: to the state, the kernel and the bias.
  const auto through_state = [&](std::int64_t gate, const Real* dz) {
    const auto g = static_cast<std::size_t>(gate);
    add_back(arena, rows, units, dz, recurrent_kernel + gate * units, columns,
             record.hidden.factors_of(gate), units, dh);
    if (d_recurrent_kernel != nullptr) {
      kernels::gemm_outer(units, units, rows, record.hidden.rows[g], units, dz, units,
                          d_recurrent_kernel + gate * units, columns);
    }
    if (d_bias != nullptr && bias<Real>(1, gate) != nullptr)
      kernels::add_rows(units, rows, dz, units, d_bias + columns + gate * units);
  };

  std::array<Real*, most_gates> dz{};
  for (std::size_t gate = 0; gate < static_cast<std::size_t>(gates()); ++gate)
    dz[gate] = arena.array<Real>(block);
  const auto activated_back = [&](std::int64_t gate) {  // from dz to dz
    const auto g = static_cast<std::size_t>(gate);
    kernels::activate_backward(activation_of(gate), rows, units, record.sums[g], record.values[g],
                               static_cast<const Real*>(dz[g]), dz[g]);
  };
  if (!options_.recurrent_activation) {
    std::copy_n(dy, block, dz[0]);
    activated_back(0);
    through_state(0, dz[0]);
  } else {
    const Real* z = record.values[update];
    const Real* r = record.values[reset];
    const Real* n = record.values[candidate];
    for (std::int64_t i = 0; i < block; ++i) {
      dz[candidate][i] = dy[i] * (Real{1} - z[i]);
      dz[update][i] = dy[i] * (record.before[i] - n[i]);
      dh[i] = dy[i] * z[i];
    }
    activated_back(candidate);
    if (options_.reset_after) {
      Real* d_part = arena.array<Real>(block);
      for (std::int64_t i = 0; i < block; ++i) {
        d_part[i] = dz[candidate][i] * r[i];
        dz[reset][i] = dz[candidate][i] * record.recurrent[i];
      }
      through_state(candidate, d_part);
    } else {
      Real* d_part = arena.array<Real>(block);
      std::fill_n(d_part, block, Real{0});
      add_back<Real>(arena, rows, units, dz[candidate], recurrent_kernel + candidate * units,
                     columns, nullptr, units, d_part);
      if (d_recurrent_kernel != nullptr) {
        kernels::gemm_outer<Real>(units, units, rows, record.recurrent, units, dz[candidate], units,
                                  d_recurrent_kernel + candidate * units, columns);
      }
      const Real* h = record.hidden.rows[candidate];
      const Real* factors = record.hidden.factors_of(candidate);
      for (std::int64_t i = 0; i < block; ++i) {
        dz[reset][i] = d_part[i] * h[i];
        dh[i] += d_part[i] * r[i] * (factors == nullptr ? Real{1} : factors[i]);
      }
    }
    for (const std::int64_t gate : {update, reset}) {
      activated_back(gate);
      through_state(gate, dz[static_cast<std::size_t>(gate)]);
    }
  }

  Real* dx = nullptr;
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.zeros(call.inputs[0].data.shape(), dtype());
    dx = gradient.inputs[0].template as<Real>();
  }
  const std::int64_t width = record.x.width;
  for (std::int64_t gate = 0; gate < gates(); ++gate) {
    const auto g = static_cast<std::size_t>(gate);
    if (dx != nullptr) {
      add_back<Real>(arena, rows, units, dz[g], kernel + gate * units, columns,
                     record.x.factors_of(gate), width, dx);
    }
    if (d_kernel != nullptr) {
      kernels::gemm_outer<Real>(width, units, rows, record.x.rows[g], width, dz[g], units,
                                d_kernel + gate * units, columns);
    }
    if (d_bias != nullptr)
      kernels::add_rows<Real>(units, rows, dz[g], units, d_bias + gate * units);
  }
}

}  // namespace chronicler
