#include "layers/lstm_variant.h"

#include <algorithm>
#include <array>

#include "kernels/gemm.h"
#include "layers/dispatch.h"
#include "layers/dropout_factors.h"
#include "layers/invoke.h"
#include "layers/kinds.h"
#include "layers/row_normalization.h"

namespace chronicler {
namespace {

using kernels::Start;

enum Gate : std::int64_t { input, forget, candidate, output };
constexpr std::int64_t gates = 4;
using Gates = std::array<std::int64_t, gates>;
constexpr Gates all_gates{input, forget, candidate, output};

// Keys of their own, so that zoneout and dropout do not drop the same units.
constexpr std::uint64_t hidden_zone_key = 0x9E3779B97F4A7C15U;
constexpr std::uint64_t cell_zone_key = 0xC2B2AE3D27D4EB4FU;

// What one of the two products reads: the same numbers for every gate, or with dropout of their
// own.
template <class Real>
struct Source {
  std::int64_t width = 0;
  const Real* factors = nullptr;  // [blocks][rows][width]
  std::int64_t blocks = 1;        // 1 or gates
  std::array<const Real*, gates> rows{};
};

template <class Real>
Source<Real> make_source(Pass& pass, const TensorView& x, const Real* factors,
                         std::int64_t blocks) {
  Source<Real> source{x.shape()[1], factors, blocks, {}};
  for (std::int64_t block = 0; block < blocks; ++block) {
    const Real* rows = x.as<Real>();
    if (factors != nullptr) {
      Real* dropped = pass.arena.array<Real>(x.size());
      for (std::int64_t i = 0; i < x.size(); ++i)
        dropped[i] = rows[i] * factors[block * x.size() + i];
      rows = dropped;
    }
    source.rows[static_cast<std::size_t>(block)] = rows;
  }
  for (std::size_t gate = static_cast<std::size_t>(blocks); gate < gates; ++gate)
    source.rows[gate] = source.rows[0];
  return source;
}

// The share of the old state that is kept in each number.
template <class Real>
Real* zone_of(Pass& pass, std::uint64_t seed, double rate, std::int64_t count, std::int64_t time) {
  if (rate <= 0.0) return nullptr;
  auto* kept = pass.arena.array<Real>(count);
  if (!pass.training) {
    std::fill_n(kept, count, static_cast<Real>(rate));
    return kept;
  }
  const Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint64_t>(time * count + i);
    kept[i] = random.uniform(pass.step, index) < static_cast<float>(rate) ? Real{1} : Real{0};
  }
  return kept;
}

// old and fresh, mixed into `out`.
template <class Real>
void mix(const Real* kept, std::int64_t count, const Real* old, const Real* fresh, Real* out) {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = kept == nullptr ? fresh[i] : kept[i] * old[i] + (Real{1} - kept[i]) * fresh[i];
}

// Below this many multiplications a second thread costs more than it brings.
constexpr double inline_work = 200e3;

std::int64_t task_count(std::int64_t rows, std::int64_t columns, std::int64_t depth) {
  const double work = static_cast<double>(rows) * static_cast<double>(columns) *
                      static_cast<double>(depth) * static_cast<double>(gates);
  return work < inline_work ? 1 : gates;
}

}  // namespace

template <class Real>
struct LSTMVariantCell::Weights {
  std::int64_t hidden;  // numbers of h
  const Real* kernel;
  const Real* recurrent_kernel;
  const Real* bias = nullptr;
  const Real* peepholes = nullptr;
  const Real* projection = nullptr;
  const Real* kernel_gamma = nullptr;
  const Real* recurrent_gamma = nullptr;
  const Real* cell_gamma = nullptr;
  const Real* cell_beta = nullptr;
  // Their gradients, in the same order; null where the option is off, or nothing trains.
  std::array<Real*, 9> gradients{};
};

// What forward keeps for backward. Blocks of gates lie one after another, [gates][rows][units].
template <class Real>
struct LSTMVariantCell::Record {
  Source<Real> x;
  Source<Real> hidden;
  Real* activated;
  Real* preactivations;     // null if no activation needs them
  Real* cell;               // c*
  Real* cell_shown;         // N(c*), or c*
  Real* shown;              // a(N(c*))
  Real* before_projection;  // s(zo) a(N(c*)); null without one
  Real* hidden_zone;
  Real* cell_zone;
  // Layer normalization: numbers and 1 / deviation of x W, h' U and c*.
  std::array<Real*, 3> normalized{};
  std::array<Real*, 3> inverse{};
};

bool is_variant(const layers::LSTMOptions& options) {
  return options.layer_normalization || options.peepholes || options.projection > 0 ||
         options.zoneout_hidden > 0.0 || options.zoneout_cell > 0.0;
}

LSTMVariantCell::LSTMVariantCell(const layers::LSTMOptions& options, const ParameterList& weights,
                                 DType dtype, bool trainable, std::uint64_t drawn_seed)
    : options_(options),
      list_(weights),
      seed_(options.seed ? static_cast<std::uint64_t>(*options.seed) : drawn_seed) {
  set_dtype(dtype);
  set_trainable(trainable);
}

std::vector<Shape> LSTMVariantCell::output_shapes(std::span<const Shape> inputs) const {
  const Shape hidden{inputs[0][0], hidden_size(options_)};
  return {hidden, hidden, {inputs[0][0], options_.units}};
}

template <class Real>
LSTMVariantCell::Weights<Real> LSTMVariantCell::weights() const {
  Weights<Real> all{};
  all.hidden = hidden_size(options_);
  std::size_t next = 0;
  std::size_t place = 0;
  const auto take = [&](bool is_on) -> const Real* {
    const std::size_t own = place++;
    if (!is_on) return nullptr;
    const Parameter& parameter = list_[next++];
    if (trainable() && parameter.gradient)
      all.gradients[own] = parameter.gradient.template as<Real>();
    return parameter.value.template as<Real>();
  };
  all.kernel = take(true);
  all.recurrent_kernel = take(true);
  all.bias = take(options_.use_bias);
  all.peepholes = take(options_.peepholes);
  all.projection = take(options_.projection > 0);
  all.kernel_gamma = take(options_.layer_normalization);
  all.recurrent_gamma = take(options_.layer_normalization);
  all.cell_gamma = take(options_.layer_normalization);
  all.cell_beta = take(options_.layer_normalization);
  return all;
}

void LSTMVariantCell::forward(Pass& pass, Call& call) const {
  with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
}
void LSTMVariantCell::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
}

template <class Real>
void LSTMVariantCell::run_forward(Pass& pass, Call& call) const {
  const TensorView& x = call.inputs[0].data;
  const TensorView& hidden_before = call.inputs[1].data;
  const TensorView& cell_before = call.inputs[2].data;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t units = options_.units;
  const std::int64_t block = rows * units;
  const Weights<Real> w = weights<Real>();
  Arena& arena = pass.arena;
  Record<Real>& record = arena_objects<Record<Real>>(arena, 1)[0];

  // As the plain LSTM: with recurrent dropout every gate has factors of its own.
  const bool own_factors = options_.recurrent_dropout > 0.0 && options_.dropout > 0.0;
  const std::int64_t blocks = pass.training && own_factors ? gates : 1;
  record.x = make_source(
      pass, x,
      dropout_factors<Real>(pass, seed_, options_.dropout, blocks * x.size(), 2 * pass.step),
      blocks);
  const bool drops_hidden = pass.training && options_.recurrent_dropout > 0.0;
  record.hidden =
      make_source(pass, hidden_before,
                  dropout_factors<Real>(pass, seed_, options_.recurrent_dropout,
                                        gates * hidden_before.size(), 2 * pass.step + 1),
                  drops_hidden ? gates : 1);

  const kernels::Activation activation = kernel_activation(options_.activation);
  const kernels::Activation recurrent = kernel_activation(options_.recurrent_activation);
  const bool keep =
      call.tape != nullptr && (kernels::needs_input(activation) || kernels::needs_input(recurrent));
  record.activated = arena.array<Real>(gates * block);
  record.preactivations = keep ? arena.array<Real>(gates * block) : nullptr;
  Real* z = keep ? record.preactivations : record.activated;

  // The two products, gate by gate.
  const bool normalizes = options_.layer_normalization;
  Real* recurrent_part = normalizes ? arena.array<Real>(gates * block) : z;
  const std::int64_t tasks = task_count(rows, units, x.shape()[1] + w.hidden);
  pass.runtime.parallel(tasks, [&](std::int64_t task) {
    for (const std::int64_t gate : all_gates) {
      if (gate % tasks != task) continue;
      const auto g = static_cast<std::size_t>(gate);
      const bool starts_with_bias = w.bias != nullptr && !normalizes;
      kernels::gemm(rows, units, x.shape()[1], record.x.rows[g], x.shape()[1],
                    w.kernel + gate * units, gates * units, z + gate * block, units,
                    starts_with_bias ? Start::row : Start::zero,
                    starts_with_bias ? w.bias + gate * units : nullptr);
      kernels::gemm(rows, units, w.hidden, record.hidden.rows[g], w.hidden,
                    w.recurrent_kernel + gate * units, gates * units, recurrent_part + gate * block,
                    units, normalizes ? Start::zero : Start::accumulate);
    }
  });
  if (normalizes) {
    const RowNormalization<Real> norm{gates, rows, units};
    for (std::size_t i = 0; i < 2; ++i) {
      record.normalized[i] = arena.array<Real>(gates * block);
      record.inverse[i] = arena.array<Real>(rows);
    }
    norm.forward(z, w.kernel_gamma, nullptr, record.normalized[0], record.inverse[0], z);
    norm.forward(recurrent_part, w.recurrent_gamma, nullptr, record.normalized[1],
                 record.inverse[1], recurrent_part);
    for (const std::int64_t gate : all_gates) {
      for (std::int64_t i = gate * block; i < (gate + 1) * block; ++i) {
        z[i] += recurrent_part[i];
        if (w.bias != nullptr) z[i] += w.bias[gate * units + i % units];
      }
    }
  }

  const Real* before = cell_before.as<Real>();
  const auto look = [&](std::int64_t gate, std::int64_t peephole, const Real* cell) {
    if (w.peepholes == nullptr) return;
    for (std::int64_t i = 0; i < block; ++i)
      z[gate * block + i] += w.peepholes[peephole * units + i % units] * cell[i];
  };
  const auto activate = [&](std::int64_t gate) {
    kernels::activate(gate == candidate ? activation : recurrent, rows, units, z + gate * block,
                      record.activated + gate * block);
  };
  look(input, 0, before);
  look(forget, 1, before);
  activate(input);
  activate(forget);
  activate(candidate);
  record.cell = arena.array<Real>(block);
  const Real* gate_of[gates];
  for (const std::int64_t gate : all_gates) gate_of[gate] = record.activated + gate * block;
  for (std::int64_t i = 0; i < block; ++i)
    record.cell[i] = gate_of[forget][i] * before[i] + gate_of[input][i] * gate_of[candidate][i];
  look(output, 2, record.cell);
  activate(output);

  record.cell_shown = record.cell;
  if (normalizes) {
    record.cell_shown = arena.array<Real>(block);
    record.normalized[2] = arena.array<Real>(block);
    record.inverse[2] = arena.array<Real>(rows);
    RowNormalization<Real>{1, rows, units}.forward(record.cell, w.cell_gamma, w.cell_beta,
                                                   record.normalized[2], record.inverse[2],
                                                   record.cell_shown);
  }
  record.shown = arena.array<Real>(block);
  kernels::activate(activation, rows, units, record.cell_shown, record.shown);
  const std::int64_t hidden_count = rows * w.hidden;
  Real* fresh = arena.array<Real>(block);
  for (std::int64_t i = 0; i < block; ++i) fresh[i] = gate_of[output][i] * record.shown[i];
  record.before_projection = nullptr;
  if (w.projection != nullptr) {
    record.before_projection = fresh;
    fresh = arena.array<Real>(hidden_count);
    kernels::gemm(rows, w.hidden, units, record.before_projection, units, w.projection, w.hidden,
                  fresh, w.hidden, Start::zero);
  }

  const TensorView hidden_after = arena.tensor({rows, w.hidden}, dtype());
  const TensorView cell_after = arena.tensor({rows, units}, dtype());
  record.hidden_zone = zone_of<Real>(pass, seed_ ^ hidden_zone_key, options_.zoneout_hidden,
                                     hidden_count, call.time);
  record.cell_zone =
      zone_of<Real>(pass, seed_ ^ cell_zone_key, options_.zoneout_cell, block, call.time);
  mix(record.hidden_zone, hidden_count, hidden_before.as<Real>(), fresh, hidden_after.as<Real>());
  mix(record.cell_zone, block, before, record.cell, cell_after.as<Real>());
  call.outputs[0] = {hidden_after, {}};
  call.outputs[1] = {hidden_after, {}};
  call.outputs[2] = {cell_after, {}};
  if (call.tape != nullptr) call.tape->record = &record;
}

namespace {

// What flows back to what a product read: dz [gates][rows][units] times the transposed weights,
// gate by gate where dropout gave each its own numbers.
template <class Real>
void read_gradient(Pass& pass, const Source<Real>& source, const Real* weights, const Real* dz,
                   std::int64_t rows, std::int64_t units, Real* out) {
  const std::int64_t size = rows * source.width;
  Real* packed = pass.arena.array<Real>(kernels::packed_size<Real>(units, source.width));
  Real* part = source.factors == nullptr ? nullptr : pass.arena.array<Real>(size);
  for (const std::int64_t gate : all_gates) {
    kernels::pack(units, source.width, weights + gate * units, gates * units, true, packed);
    Real* to = part == nullptr ? out : part;
    kernels::gemm_packed(rows, source.width, units, dz + gate * rows * units, units, packed, to,
                         source.width, part == nullptr ? Start::accumulate : Start::zero);
    if (part == nullptr) continue;
    const Real* factors = source.factors + (source.blocks == 1 ? 0 : gate) * size;
    for (std::int64_t i = 0; i < size; ++i) out[i] += factors[i] * part[i];
  }
}

}  // namespace

template <class Real>
void LSTMVariantCell::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const TensorView& x = call.inputs[0].data;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t units = options_.units;
  const std::int64_t block = rows * units;
  const Weights<Real> w = weights<Real>();
  const std::int64_t hidden_count = rows * w.hidden;
  const auto [d_kernel, d_recurrent_kernel, d_bias, d_peepholes, d_projection, d_kernel_gamma,
              d_recurrent_gamma, d_cell_gamma, d_cell_beta] = w.gradients;
  Arena& arena = pass.arena;
  const kernels::Activation activation = kernel_activation(options_.activation);
  const kernels::Activation recurrent = kernel_activation(options_.recurrent_activation);
  const auto activated_back = [&](kernels::Activation which, const Real* z, const Real* y,
                                  const Real* dy, Real* dz) {
    kernels::activate_backward(which, rows, units, z, y, dy, dz);
  };

  // h = kh h' + (1 - kh) h*, and the same for c.
  const TensorView d_hidden = added(arena, gradient.outputs[0], gradient.outputs[1]);
  const TensorView d_hidden_before = arena.zeros({rows, w.hidden}, dtype());
  const TensorView d_cell_before = arena.zeros({rows, units}, dtype());
  Real* dh_before = d_hidden_before.as<Real>();
  Real* dc_before = d_cell_before.as<Real>();
  const auto unzone = [&](const TensorView& flow, const Real* kept, std::int64_t count, Real* old) {
    Real* fresh = arena.zeros({count}, dtype()).template as<Real>();
    for (std::int64_t i = 0; flow && i < count; ++i) {
      const Real share = kept == nullptr ? Real{0} : kept[i];
      old[i] = share * flow.as<Real>()[i];
      fresh[i] = (Real{1} - share) * flow.as<Real>()[i];
    }
    return fresh;
  };
  Real* dh = unzone(d_hidden, record.hidden_zone, hidden_count, dh_before);
  Real* dc = unzone(gradient.outputs[2], record.cell_zone, block, dc_before);

  // h* = (s(zo) a(N(c*))) R
  if (w.projection != nullptr) {
    if (d_projection != nullptr) {
      kernels::gemm_outer(units, w.hidden, rows, record.before_projection, units, dh, w.hidden,
                          d_projection, w.hidden);
    }
    Real* packed = arena.array<Real>(kernels::packed_size<Real>(w.hidden, units));
    kernels::pack(w.hidden, units, w.projection, w.hidden, true, packed);
    Real* through = arena.array<Real>(block);
    kernels::gemm_packed(rows, units, w.hidden, dh, w.hidden, packed, through, units, Start::zero);
    dh = through;
  }
  const Real* gate_of[gates];
  const Real* z_of[gates];
  for (const std::int64_t gate : all_gates) {
    gate_of[gate] = record.activated + gate * block;
    z_of[gate] = record.preactivations == nullptr ? nullptr : record.preactivations + gate * block;
  }
  Real* flow = arena.array<Real>(block);
  Real* dz = arena.array<Real>(gates * block);
  for (std::int64_t i = 0; i < block; ++i) flow[i] = dh[i] * record.shown[i];
  activated_back(recurrent, z_of[output], gate_of[output], flow, dz + output * block);
  for (std::int64_t i = 0; i < block; ++i) flow[i] = dh[i] * gate_of[output][i];
  activated_back(activation, record.cell_shown, record.shown, flow, flow);
  if (options_.layer_normalization) {
    RowNormalization<Real>{1, rows, units}.backward(flow, w.cell_gamma, record.normalized[2],
                                                    record.inverse[2], d_cell_gamma, d_cell_beta,
                                                    flow);
  }
  for (std::int64_t i = 0; i < block; ++i) dc[i] += flow[i];

  const Real* before = call.inputs[2].data.as<Real>();
  const auto look_back = [&](std::int64_t gate, std::int64_t peephole, const Real* cell,
                             Real* d_cell) {
    if (w.peepholes == nullptr) return;
    for (std::int64_t i = 0; i < block; ++i) {
      const std::int64_t at = peephole * units + i % units;
      d_cell[i] += w.peepholes[at] * dz[gate * block + i];
      if (d_peepholes != nullptr) d_peepholes[at] += cell[i] * dz[gate * block + i];
    }
  };
  look_back(output, 2, record.cell, dc);

  // c* = s(zf) c' + s(zi) a(zc)
  for (const std::int64_t gate : {input, forget, candidate}) {
    const Real* factor = gate == input    ? gate_of[candidate]
                         : gate == forget ? before
                                          : gate_of[input];
    for (std::int64_t i = 0; i < block; ++i) flow[i] = dc[i] * factor[i];
    activated_back(gate == candidate ? activation : recurrent, z_of[gate], gate_of[gate], flow,
                   dz + gate * block);
  }
  for (std::int64_t i = 0; i < block; ++i) dc_before[i] += dc[i] * gate_of[forget][i];
  look_back(input, 0, before, dc_before);
  look_back(forget, 1, before, dc_before);

  // The bias, and through the normalizations to the two products.
  if (d_bias != nullptr) {
    for (const std::int64_t gate : all_gates)
      kernels::add_rows(units, rows, dz + gate * block, units, d_bias + gate * units);
  }
  Real* da = dz;
  Real* db = dz;
  if (options_.layer_normalization) {
    const RowNormalization<Real> norm{gates, rows, units};
    da = arena.array<Real>(gates * block);
    db = arena.array<Real>(gates * block);
    norm.backward(dz, w.kernel_gamma, record.normalized[0], record.inverse[0], d_kernel_gamma,
                  nullptr, da);
    norm.backward(dz, w.recurrent_gamma, record.normalized[1], record.inverse[1], d_recurrent_gamma,
                  nullptr, db);
  }
  if (d_kernel != nullptr) {
    const std::int64_t tasks = task_count(rows, units, x.shape()[1] + w.hidden);
    pass.runtime.parallel(tasks, [&](std::int64_t task) {
      for (const std::int64_t gate : all_gates) {
        if (gate % tasks != task) continue;
        const auto g = static_cast<std::size_t>(gate);
        kernels::gemm_outer(record.x.width, units, rows, record.x.rows[g], record.x.width,
                            da + gate * block, units, d_kernel + gate * units, gates * units);
        kernels::gemm_outer(w.hidden, units, rows, record.hidden.rows[g], w.hidden,
                            db + gate * block, units, d_recurrent_kernel + gate * units,
                            gates * units);
      }
    });
  }
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.zeros(x.shape(), dtype());
    read_gradient(pass, record.x, w.kernel, da, rows, units,
                  gradient.inputs[0].template as<Real>());
  }
  read_gradient(pass, record.hidden, w.recurrent_kernel, db, rows, units, dh_before);
  gradient.inputs[1] = d_hidden_before;
  gradient.inputs[2] = d_cell_before;
}

}  // namespace chronicler
