#include "layers/recurrent/lstm_variant.h"

#include <algorithm>
#include <array>

#include "kernels/dropout.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/kernel_activation.h"
#include "layers/elementwise/dropout_factors.h"
#include "layers/recurrent/row_normalization.h"
#include "layers/recurrent/slices.h"

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
std::int64_t packed_stride(std::int64_t k, std::int64_t n) {
  constexpr std::int64_t aligned = 16;
  return (kernels::packed_size<Real>(k, n) + aligned - 1) / aligned * aligned;
}

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
  kernels::dropout_factors(Random(seed), pass.step, static_cast<std::uint64_t>(time * count), rate,
                           std::span<Real>(kept, static_cast<std::size_t>(count)));
  for (std::int64_t i = 0; i < count; ++i) kept[i] = kept[i] == Real{0} ? Real{1} : Real{0};
  return kept;
}

// The old and the new, mixed into `out`.
template <class Real>
void mix(const Real* kept, std::int64_t count, const Real* old, const Real* fresh, Real* out) {
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = kept[i] * old[i] + (Real{1} - kept[i]) * fresh[i];
}

// A kernel [depth][gates * units], or its transpose, gate by gate as gemm_packed wants it.
template <class Real>
const Real* packed_gates(Arena& arena, const Real* kernel, std::int64_t depth, std::int64_t units,
                         bool transposed) {
  const std::int64_t k = transposed ? units : depth;
  const std::int64_t n = transposed ? depth : units;
  const std::int64_t stride = packed_stride<Real>(k, n);
  Real* packed = arena.array<Real>(gates * stride);
  for (const std::int64_t gate : all_gates)
    kernels::pack(k, n, kernel + gate * units, gates * units, transposed, packed + gate * stride);
  return packed;
}

// Adds what flows back to what a product read: dz [gates][rows][units] times the transposed
// weights, gate by gate where dropout gave each its own numbers. `part`: room for those.
template <class Real>
void read_gradient(const Source<Real>& source, const Real* packed, const Real* dz,
                   std::int64_t rows, std::int64_t units, std::int64_t begin, std::int64_t end,
                   Real* part, Real* out) {
  const std::int64_t width = source.width;
  const std::int64_t first = begin * width;
  const std::int64_t last = end * width;
  for (const std::int64_t gate : all_gates) {
    kernels::gemm_packed(end - begin, width, units, dz + (gate * rows + begin) * units, units,
                         packed + gate * packed_stride<Real>(units, width),
                         (part == nullptr ? out : part) + first, width,
                         part == nullptr ? Start::accumulate : Start::zero);
    if (part == nullptr) continue;
    const Real* factors = source.factors + (source.blocks == 1 ? 0 : gate) * rows * width;
    for (std::int64_t i = first; i < last; ++i) out[i] += factors[i] * part[i];
  }
}

// Fewer rows than these do not pay for laying out the weights anew.
constexpr std::int64_t rows_worth_packing = 8;

// The rows of the batch that one task takes through a step.
constexpr std::int64_t rows_a_task = 16;

bool is_worth_sharing(std::int64_t rows, std::int64_t columns, std::int64_t depth) {
  return static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(depth) *
             static_cast<double>(gates) >=
         inline_work;
}

// function(begin, end) for stretches of the rows, on all threads if `share`.
template <class Function>
void for_each_stretch(Runtime& runtime, std::int64_t rows, bool share, const Function& function) {
  const std::int64_t size = share ? rows_a_task : rows;
  runtime.parallel((rows + size - 1) / size, [&](std::int64_t task) {
    function(task * size, std::min(rows, (task + 1) * size));
  });
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
  std::int64_t rows;
  Source<Real> x;
  Source<Real> hidden;
  const Real* hidden_before;
  const Real* cell_before;
  Real* activated;
  Real* preactivations;     // null if no activation needs them
  Real* recurrent_part;     // h' U apart from x W, for layer normalization
  Real* cell;               // c*
  Real* cell_shown;         // N(c*), or c*
  Real* shown;              // a(N(c*))
  Real* before_projection;  // s(zo) a(N(c*)); h* without a projection
  Real* fresh_hidden;       // h*
  Real* hidden_zone;
  Real* cell_zone;
  Real* hidden_after;  // h; h* itself without zoneout, and so c
  Real* cell_after;
  // Layer normalization: numbers and 1 / deviation of x W, h' U and c*.
  std::array<Real*, 3> normalized{};
  std::array<Real*, 3> inverse{};
};

// What backward hands from the rows to the weights; blocks of gates as above.
template <class Real>
struct LSTMVariantCell::Flows {
  const Real* d_hidden_after;  // null: nothing flows
  const Real* d_cell_after;
  Real* d_fresh_hidden;
  Real* d_before_projection;
  Real* d_cell;
  Real* d_shown;                       // of a(N(c*)), then of N(c*)
  Real* scratch;                       // one block
  Real* d_gates;                       // of the sums z
  std::array<Real*, 2> d_parts;        // of x W and of h' U
  std::array<Real*, 2> d_inputs;       // of x (null: not wanted) and h'
  std::array<Real*, 2> d_gate_inputs;  // room where dropout gave each gate its own numbers
  Real* d_cell_before;
};

bool is_variant(const layers::LSTMOptions& options) {
  const auto on_rows = [](const Activation& activation) {
    return kernels::is_rowwise(kernel_activation(activation));
  };
  return on_rows(options.activation) || on_rows(options.recurrent_activation) ||
         options.layer_normalization || options.peepholes || options.projection > 0 ||
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

  const bool keep = call.tape != nullptr &&
                    (kernels::needs_input(kernel_activation(options_.activation)) ||
                     kernels::needs_input(kernel_activation(options_.recurrent_activation)));
  const bool normalizes = options_.layer_normalization;
  const auto room = [&](bool is_needed, std::int64_t count) {
    return is_needed ? arena.array<Real>(count) : nullptr;
  };
  const std::int64_t hidden_count = rows * w.hidden;
  record.rows = rows;
  record.hidden_before = hidden_before.as<Real>();
  record.cell_before = cell_before.as<Real>();
  record.activated = arena.array<Real>(gates * block);
  record.preactivations = room(keep, gates * block);
  record.recurrent_part = room(normalizes, gates * block);
  for (std::size_t i = 0; i < 3 && normalizes; ++i) {
    record.normalized[i] = arena.array<Real>(i < 2 ? gates * block : block);
    record.inverse[i] = arena.array<Real>(rows);
  }
  record.cell = arena.array<Real>(block);
  record.cell_shown = normalizes ? arena.array<Real>(block) : record.cell;
  record.shown = arena.array<Real>(block);
  record.before_projection = arena.array<Real>(block);
  record.fresh_hidden =
      w.projection != nullptr ? arena.array<Real>(hidden_count) : record.before_projection;
  record.hidden_zone = zone_of<Real>(pass, seed_ ^ hidden_zone_key, options_.zoneout_hidden,
                                     hidden_count, call.time);
  record.cell_zone =
      zone_of<Real>(pass, seed_ ^ cell_zone_key, options_.zoneout_cell, block, call.time);
  record.hidden_after =
      record.hidden_zone != nullptr ? arena.array<Real>(hidden_count) : record.fresh_hidden;
  record.cell_after = record.cell_zone != nullptr ? arena.array<Real>(block) : record.cell;
  if (rows >= rows_worth_packing && packed_[0] == nullptr) {
    packed_[0] = packed_gates(arena, w.kernel, x.shape()[1], units, false);
    packed_[1] = packed_gates(arena, w.recurrent_kernel, w.hidden, units, false);
  }

  const bool share = is_worth_sharing(rows, units, x.shape()[1] + w.hidden);
  for_each_stretch(pass.runtime, rows, share, [&](std::int64_t begin, std::int64_t end) {
    forward_rows(w, record, begin, end);
  });
  const TensorView hidden_after(record.hidden_after, dtype(), {rows, w.hidden});
  call.outputs[0] = {hidden_after, {}};
  call.outputs[1] = {hidden_after, {}};
  call.outputs[2] = {TensorView(record.cell_after, dtype(), {rows, units}), {}};
  if (call.tape != nullptr) call.tape->record = &record;
}

template <class Real>
void LSTMVariantCell::forward_rows(const Weights<Real>& w, const Record<Real>& record,
                                   std::int64_t begin, std::int64_t end) const {
  const std::int64_t units = options_.units;
  const std::int64_t block = record.rows * units;
  const std::int64_t rows = end - begin;
  const std::int64_t first = begin * units;
  const std::int64_t count = rows * units;
  const bool normalizes = options_.layer_normalization;
  const kernels::Activation activation = kernel_activation(options_.activation);
  const kernels::Activation recurrent = kernel_activation(options_.recurrent_activation);
  Real* z = record.preactivations != nullptr ? record.preactivations : record.activated;

  const auto multiply = [&](const Source<Real>& source, const Real* kernel, const void* packed,
                            std::int64_t gate, Real* out, Start start, const Real* bias) {
    const Real* from = source.rows[static_cast<std::size_t>(gate)] + begin * source.width;
    if (packed == nullptr) {
      kernels::gemm(rows, units, source.width, from, source.width, kernel + gate * units,
                    gates * units, out, units, start, bias);
    } else {
      kernels::gemm_packed(
          rows, units, source.width, from, source.width,
          static_cast<const Real*>(packed) + gate * packed_stride<Real>(source.width, units), out,
          units, start, bias);
    }
  };
  for (const std::int64_t gate : all_gates) {
    const std::int64_t at = gate * block + first;
    const bool starts_with_bias = w.bias != nullptr && !normalizes;
    multiply(record.x, w.kernel, packed_[0], gate, z + at,
             starts_with_bias ? Start::row : Start::zero,
             starts_with_bias ? w.bias + gate * units : nullptr);
    multiply(record.hidden, w.recurrent_kernel, packed_[1], gate,
             (normalizes ? record.recurrent_part : z) + at,
             normalizes ? Start::zero : Start::accumulate, nullptr);
  }
  if (normalizes) {
    const RowNormalization<Real> norm{gates, record.rows, units};
    norm.forward(begin, end, z, w.kernel_gamma, nullptr, record.normalized[0], record.inverse[0],
                 z);
    norm.forward(begin, end, record.recurrent_part, w.recurrent_gamma, nullptr,
                 record.normalized[1], record.inverse[1], record.recurrent_part);
    for (const std::int64_t gate : all_gates) {
      for (std::int64_t row = begin; row < end; ++row) {
        Real* sum = z + gate * block + row * units;
        const Real* part = record.recurrent_part + gate * block + row * units;
        for (std::int64_t i = 0; i < units; ++i) sum[i] += part[i];
        if (w.bias == nullptr) continue;
        for (std::int64_t i = 0; i < units; ++i) sum[i] += w.bias[gate * units + i];
      }
    }
  }

  const Real* before = record.cell_before + first;
  Real* cell = record.cell + first;
  const auto look = [&](std::int64_t gate, std::int64_t peephole, const Real* at_cell) {
    if (w.peepholes == nullptr) return;
    const Real* weight = w.peepholes + peephole * units;
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* sum = z + gate * block + first + row * units;
      for (std::int64_t i = 0; i < units; ++i) sum[i] += weight[i] * at_cell[row * units + i];
    }
  };
  const auto activate = [&](std::int64_t gate) {
    Real* result = record.activated + gate * block + first;
    kernels::activate(gate == candidate ? activation : recurrent, rows, units,
                      z + gate * block + first, result);
    return result;
  };
  look(input, 0, before);
  look(forget, 1, before);
  const Real* input_gate = activate(input);
  const Real* forget_gate = activate(forget);
  const Real* candidates = activate(candidate);
  for (std::int64_t i = 0; i < count; ++i)
    cell[i] = forget_gate[i] * before[i] + input_gate[i] * candidates[i];
  look(output, 2, cell);
  const Real* output_gate = activate(output);

  if (normalizes) {
    RowNormalization<Real>{1, record.rows, units}.forward(begin, end, record.cell, w.cell_gamma,
                                                          w.cell_beta, record.normalized[2],
                                                          record.inverse[2], record.cell_shown);
  }
  Real* shown = record.shown + first;
  kernels::activate(activation, rows, units, record.cell_shown + first, shown);
  Real* fresh = record.before_projection + first;
  for (std::int64_t i = 0; i < count; ++i) fresh[i] = output_gate[i] * shown[i];
  const std::int64_t first_hidden = begin * w.hidden;
  if (w.projection != nullptr) {
    kernels::gemm(rows, w.hidden, units, fresh, units, w.projection, w.hidden,
                  record.fresh_hidden + first_hidden, w.hidden, Start::zero);
  }
  if (record.hidden_zone != nullptr) {
    mix(record.hidden_zone + first_hidden, rows * w.hidden, record.hidden_before + first_hidden,
        record.fresh_hidden + first_hidden, record.hidden_after + first_hidden);
  }
  if (record.cell_zone != nullptr)
    mix(record.cell_zone + first, count, before, cell, record.cell_after + first);
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
  if (packed_[1] == nullptr) {
    if (gradient.wanted[0]) packed_[0] = packed_gates(arena, w.kernel, width, units, true);
    packed_[1] = packed_gates(arena, w.recurrent_kernel, w.hidden, units, true);
    if (w.projection != nullptr) {
      Real* packed = arena.array<Real>(kernels::packed_size<Real>(w.hidden, units));
      kernels::pack(w.hidden, units, w.projection, w.hidden, true, packed);
      packed_[2] = packed;
    }
  }

  const bool share = is_worth_sharing(rows, units, width + w.hidden);
  for_each_stretch(pass.runtime, rows, share, [&](std::int64_t begin, std::int64_t end) {
    backward_rows(w, record, flows, begin, end);
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

template <class Real>
void LSTMVariantCell::backward_rows(const Weights<Real>& w, const Record<Real>& record,
                                    const Flows<Real>& flows, std::int64_t begin,
                                    std::int64_t end) const {
  const std::int64_t units = options_.units;
  const std::int64_t block = record.rows * units;
  const std::int64_t rows = end - begin;
  const std::int64_t first = begin * units;
  const std::int64_t first_hidden = begin * w.hidden;
  const std::int64_t count = rows * units;
  const kernels::Activation activation = kernel_activation(options_.activation);
  const kernels::Activation recurrent = kernel_activation(options_.recurrent_activation);

  // h = kh h' + (1 - kh) h*, and the same for c.
  const auto unzone = [](const Real* flow, const Real* kept, std::int64_t size, Real* old,
                         Real* fresh) {
    if (flow == nullptr) {
      std::fill_n(old, size, Real{0});
      std::fill_n(fresh, size, Real{0});
    } else if (kept == nullptr) {
      std::fill_n(old, size, Real{0});
      std::copy_n(flow, size, fresh);
    } else {
      for (std::int64_t i = 0; i < size; ++i) {
        old[i] = kept[i] * flow[i];
        fresh[i] = (Real{1} - kept[i]) * flow[i];
      }
    }
  };
  const auto from = [](const Real* all, std::int64_t place) {
    return all == nullptr ? nullptr : all + place;
  };
  Real* d_hidden_before = flows.d_inputs[1] + first_hidden;
  Real* d_fresh = flows.d_fresh_hidden + first_hidden;
  Real* d_cell = flows.d_cell + first;
  Real* d_cell_before = flows.d_cell_before + first;
  unzone(from(flows.d_hidden_after, first_hidden), from(record.hidden_zone, first_hidden),
         rows * w.hidden, d_hidden_before, d_fresh);
  unzone(from(flows.d_cell_after, first), from(record.cell_zone, first), count, d_cell_before,
         d_cell);

  // h* = (s(zo) a(N(c*))) R
  Real* d_hidden = flows.d_before_projection + first;
  if (w.projection != nullptr) {
    kernels::gemm_packed(rows, units, w.hidden, d_fresh, w.hidden,
                         static_cast<const Real*>(packed_[2]), d_hidden, units, Start::zero);
  }
  const auto gate_of = [&](std::int64_t gate) { return record.activated + gate * block + first; };
  Real* flow = flows.scratch + first;
  const auto activated_back = [&](std::int64_t gate) {  // from `flow`
    kernels::activate_backward(gate == candidate ? activation : recurrent, rows, units,
                               from(record.preactivations, gate * block + first), gate_of(gate),
                               flow, flows.d_gates + gate * block + first);
  };
  const Real* shown = record.shown + first;
  const Real* output_gate = gate_of(output);
  Real* d_shown = flows.d_shown + first;
  for (std::int64_t i = 0; i < count; ++i) flow[i] = d_hidden[i] * shown[i];
  activated_back(output);
  for (std::int64_t i = 0; i < count; ++i) d_shown[i] = d_hidden[i] * output_gate[i];
  kernels::activate_backward(activation, rows, units, record.cell_shown + first, shown, d_shown,
                             d_shown);
  const Real* d_from_hidden = d_shown;
  if (options_.layer_normalization) {
    RowNormalization<Real>{1, record.rows, units}.backward(begin, end, flows.d_shown, w.cell_gamma,
                                                           record.normalized[2], record.inverse[2],
                                                           flows.scratch);
    d_from_hidden = flow;
  }
  for (std::int64_t i = 0; i < count; ++i) d_cell[i] += d_from_hidden[i];

  const auto look_back = [&](std::int64_t gate, std::int64_t peephole, Real* to) {
    if (w.peepholes == nullptr) return;
    const Real* weight = w.peepholes + peephole * units;
    for (std::int64_t row = 0; row < rows; ++row) {
      const Real* dz = flows.d_gates + gate * block + first + row * units;
      for (std::int64_t i = 0; i < units; ++i) to[row * units + i] += weight[i] * dz[i];
    }
  };
  look_back(output, 2, d_cell);

  // c* = s(zf) c' + s(zi) a(zc)
  const Real* before = record.cell_before + first;
  for (const std::int64_t gate : {input, forget, candidate}) {
    const Real* factor = gate == input    ? gate_of(candidate)
                         : gate == forget ? before
                                          : gate_of(input);
    for (std::int64_t i = 0; i < count; ++i) flow[i] = d_cell[i] * factor[i];
    activated_back(gate);
  }
  const Real* forget_gate = gate_of(forget);
  for (std::int64_t i = 0; i < count; ++i) d_cell_before[i] += d_cell[i] * forget_gate[i];
  look_back(input, 0, d_cell_before);
  look_back(forget, 1, d_cell_before);

  // Through the normalizations to the two products, and to what they read.
  if (options_.layer_normalization) {
    const RowNormalization<Real> norm{gates, record.rows, units};
    norm.backward(begin, end, flows.d_gates, w.kernel_gamma, record.normalized[0],
                  record.inverse[0], flows.d_parts[0]);
    norm.backward(begin, end, flows.d_gates, w.recurrent_gamma, record.normalized[1],
                  record.inverse[1], flows.d_parts[1]);
  }
  if (flows.d_inputs[0] != nullptr) {
    std::fill_n(flows.d_inputs[0] + begin * record.x.width, rows * record.x.width, Real{0});
    read_gradient(record.x, static_cast<const Real*>(packed_[0]), flows.d_parts[0], record.rows,
                  units, begin, end, flows.d_gate_inputs[0], flows.d_inputs[0]);
  }
  read_gradient(record.hidden, static_cast<const Real*>(packed_[1]), flows.d_parts[1], record.rows,
                units, begin, end, flows.d_gate_inputs[1], flows.d_inputs[1]);
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

}  // namespace chronicler
