#include "layers/recurrent/lstm_variant.h"

#include <algorithm>
#include <array>

#include "kernels/cell_gates.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/kernel_activation.h"
#include "layers/elementwise/dropout_factors.h"
#include "layers/recurrent/lstm_variant_run.h"
#include "layers/recurrent/row_normalization.h"
#include "layers/recurrent/zoneout.h"

namespace chronicler {
namespace {

using namespace kernels::cell_gates;
using kernels::Start;

// Fewer rows than these do not pay for laying out the weights anew.
constexpr std::int64_t rows_worth_packing = 8;

}  // namespace

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

kernels::Activation LSTMVariantCell::activation_of(std::int64_t gate) const {
  return kernel_activation(gate == candidate ? options_.activation : options_.recurrent_activation);
}

void LSTMVariantCell::forward(Pass& pass, Call& call) const {
  with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
}

template <class Real>
void LSTMVariantCell::make_room(Pass& pass, const Call& call, const Weights<Real>& w,
                                Record<Real>& record) const {
  Arena& arena = pass.arena;
  const std::int64_t rows = record.rows;
  const std::int64_t block = rows * options_.units;
  const bool keep = call.tape != nullptr &&
                    (kernels::needs_input(kernel_activation(options_.activation)) ||
                     kernels::needs_input(kernel_activation(options_.recurrent_activation)));
  const bool normalizes = options_.layer_normalization;
  const auto room = [&](bool is_needed, std::int64_t count) {
    return is_needed ? arena.array<Real>(count) : nullptr;
  };
  const std::int64_t hidden_count = rows * w.hidden;
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
}

template <class Real>
void LSTMVariantCell::run_forward(Pass& pass, Call& call) const {
  const TensorView& x = call.inputs[0].data;
  const TensorView& hidden_before = call.inputs[1].data;
  const TensorView& cell_before = call.inputs[2].data;
  const std::int64_t rows = x.shape()[0];
  const std::int64_t units = options_.units;
  const Weights<Real> w = weights<Real>();
  Arena& arena = pass.arena;
  Record<Real>& record = arena_objects<Record<Real>>(arena, 1)[0];
  record.rows = rows;
  record.hidden_before = hidden_before.as<Real>();
  record.cell_before = cell_before.as<Real>();

  // As the plain LSTM: with recurrent dropout every gate has factors of its own.
  const bool own_factors = options_.recurrent_dropout > 0.0 && options_.dropout > 0.0;
  const std::int64_t blocks = pass.training && own_factors ? gates : 1;
  record.x = make_source(
      arena, x,
      dropout_factors<Real>(pass, seed_, options_.dropout, blocks * x.size(), 2 * pass.step),
      blocks);
  const bool drops_hidden = pass.training && options_.recurrent_dropout > 0.0;
  record.hidden =
      make_source(arena, hidden_before,
                  dropout_factors<Real>(pass, seed_, options_.recurrent_dropout,
                                        gates * hidden_before.size(), 2 * pass.step + 1),
                  drops_hidden ? gates : 1);

  make_room(pass, call, w, record);
  if (rows >= rows_worth_packing && packed_[0] == nullptr) {
    packed_[0] = packed_gates(arena, w.kernel, x.shape()[1], units, false);
    packed_[1] = packed_gates(arena, w.recurrent_kernel, w.hidden, units, false);
  }

  const bool share = is_worth_sharing(rows, units, x.shape()[1] + w.hidden);
  for_each_stretch(pass.runtime, rows, share, [&](std::int64_t begin, std::int64_t end) {
    forward_rows(w, record, {rows, units, begin, end});
  });
  const TensorView hidden_after(record.hidden_after, dtype(), {rows, w.hidden});
  call.outputs[0] = {hidden_after, {}};
  call.outputs[1] = {hidden_after, {}};
  call.outputs[2] = {TensorView(record.cell_after, dtype(), {rows, units}), {}};
  if (call.tape != nullptr) call.tape->record = &record;
}

template <class Real>
void LSTMVariantCell::forward_rows(const Weights<Real>& w, const Record<Real>& record,
                                   const Stretch& some) const {
  add_products(w, record, some);
  forward_cell(w, record, some);
  forward_hidden(w, record, some);
}

// The sums z of all gates, but for the peepholes.
template <class Real>
void LSTMVariantCell::add_products(const Weights<Real>& w, const Record<Real>& record,
                                   const Stretch& some) const {
  const std::int64_t units = some.units;
  const bool normalizes = options_.layer_normalization;
  Real* z = record.sums();
  const auto add_product = [&](const Source<Real>& source, const Real* kernel, const void* packed,
                               std::int64_t gate, Real* out, Start start, const Real* bias) {
    const Real* from = source.rows[static_cast<std::size_t>(gate)] + some.begin * source.width;
    if (packed == nullptr) {
      kernels::gemm(some.rows(), units, source.width, from, source.width, kernel + gate * units,
                    gates * units, out, units, start, bias);
    } else {
      kernels::gemm_packed(
          some.rows(), units, source.width, from, source.width,
          static_cast<const Real*>(packed) + gate * packed_stride<Real>(source.width, units), out,
          units, start, bias);
    }
  };
  for (const std::int64_t gate : all_gates) {
    const std::int64_t at = gate * some.block() + some.first();
    const bool starts_with_bias = w.bias != nullptr && !normalizes;
    add_product(record.x, w.kernel, packed_[0], gate, z + at,
                starts_with_bias ? Start::row : Start::zero,
                starts_with_bias ? w.bias + gate * units : nullptr);
    add_product(record.hidden, w.recurrent_kernel, packed_[1], gate,
                (normalizes ? record.recurrent_part : z) + at,
                normalizes ? Start::zero : Start::accumulate, nullptr);
  }
  if (!normalizes) return;
  const RowNormalization<Real> norm{gates, record.rows, units};
  norm.forward(some.begin, some.end, z, w.kernel_gamma, nullptr, record.normalized[0],
               record.inverse[0], z);
  norm.forward(some.begin, some.end, record.recurrent_part, w.recurrent_gamma, nullptr,
               record.normalized[1], record.inverse[1], record.recurrent_part);
  for (const std::int64_t gate : all_gates) {
    for (std::int64_t row = some.begin; row < some.end; ++row) {
      Real* sum = z + gate * some.block() + row * units;
      const Real* part = record.recurrent_part + gate * some.block() + row * units;
      for (std::int64_t i = 0; i < units; ++i) sum[i] += part[i];
      if (w.bias == nullptr) continue;
      for (std::int64_t i = 0; i < units; ++i) sum[i] += w.bias[gate * units + i];
    }
  }
}

// The gates with their peepholes, and c*.
template <class Real>
void LSTMVariantCell::forward_cell(const Weights<Real>& w, const Record<Real>& record,
                                   const Stretch& some) const {
  const std::int64_t units = some.units;
  const std::int64_t block = some.block();
  const std::int64_t first = some.first();
  Real* z = record.sums();
  const Real* before = record.cell_before + first;
  Real* cell = record.cell + first;
  const auto look = [&](std::int64_t gate, std::int64_t peephole, const Real* at_cell) {
    if (w.peepholes == nullptr) return;
    const Real* weight = w.peepholes + peephole * units;
    for (std::int64_t row = 0; row < some.rows(); ++row) {
      Real* sum = z + gate * block + first + row * units;
      for (std::int64_t i = 0; i < units; ++i) sum[i] += weight[i] * at_cell[row * units + i];
    }
  };
  const auto activate = [&](std::int64_t gate) {
    Real* result = record.activated + gate * block + first;
    kernels::activate(activation_of(gate), some.rows(), units, z + gate * block + first, result);
    return result;
  };
  look(input, 0, before);
  look(forget, 1, before);
  const Real* input_gate = activate(input);
  const Real* forget_gate = activate(forget);
  const Real* candidates = activate(candidate);
  next_cell(some.count(), forget_gate, before, input_gate, candidates, cell);
  look(output, 2, cell);
  activate(output);
}

// h* = (s(zo) a(N(c*))) R, and the states after the step.
template <class Real>
void LSTMVariantCell::forward_hidden(const Weights<Real>& w, const Record<Real>& record,
                                     const Stretch& some) const {
  const std::int64_t units = some.units;
  const std::int64_t first = some.first();
  const Real* output_gate = record.activated + output * some.block() + first;
  if (options_.layer_normalization) {
    RowNormalization<Real>{1, record.rows, units}.forward(
        some.begin, some.end, record.cell, w.cell_gamma, w.cell_beta, record.normalized[2],
        record.inverse[2], record.cell_shown);
  }
  Real* shown = record.shown + first;
  kernels::activate(activation_of(candidate), some.rows(), units, record.cell_shown + first, shown);
  Real* fresh = record.before_projection + first;
  multiply(some.count(), output_gate, shown, fresh);
  const std::int64_t first_hidden = some.begin * w.hidden;
  if (w.projection != nullptr) {
    kernels::gemm(some.rows(), w.hidden, units, fresh, units, w.projection, w.hidden,
                  record.fresh_hidden + first_hidden, w.hidden, Start::zero);
  }
  if (record.hidden_zone != nullptr) {
    mix(record.hidden_zone + first_hidden, some.rows() * w.hidden,
        record.hidden_before + first_hidden, record.fresh_hidden + first_hidden,
        record.hidden_after + first_hidden);
  }
  if (record.cell_zone != nullptr) {
    mix(record.cell_zone + first, some.count(), record.cell_before + first, record.cell + first,
        record.cell_after + first);
  }
}

}  // namespace chronicler
