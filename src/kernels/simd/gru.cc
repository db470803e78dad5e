// The fast GRU: the contract is kernels/gru.h, the readable twin reference/gru.h.
#include "kernels/gru.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gru.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/activation-inl.h"
#include "kernels/simd/cells-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/recurrent-inl.h"
#include "kernels/simd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {
namespace gru_cell {

constexpr int gates = 3;
constexpr int blocks = 4;  // of the tape
// Keras's order, in the weights and on the tape; the tape has one block more: hh, or r h' if
// reset_after is false. Sums come in the same order: z, r, and the two parts of the candidate.
enum Gate : int { update, reset, candidate, recurrent };

// The weights as the tiles read them.
struct Packed {
  float* kernel;          // gate panels [F]
  float* recurrent;       // gate panels [U]
  float* bias;            // [block][sum][lanes]
  float* recurrent_back;  // U^T
  float* kernel_back;     // W^T
  std::int64_t size;

  HWY_INLINE explicit Packed(const Run& run) {
    float* at = run.packed;
    kernel = at;
    at += gate_panels_size(run, run.features, gates);
    recurrent = at;
    at += gate_panels_size(run, run.units, gates);
    bias = at;
    at += unit_blocks(run) * gate_sums * lanes;
    recurrent_back = at;
    at += packed_panels_size(gates * run.units, run.units);
    kernel_back = at;
    at += packed_panels_size(gates * run.units, run.features);
    size = at - run.packed;
  }
};

std::int64_t PackedSize(const Run& run, bool training) {
  const Packed packed(run);
  return training ? packed.size : packed.recurrent_back - run.packed;
}

// Behind the copies for dropout: the gradient by r h', on its way back through a row.
std::int64_t ScratchSize(const Run& run, bool training) {
  return dropout_scratch(run, gates) +
         (run.reset_after ? ahead_scratch(run, gates) : (training ? run.units : 0));
}

HWY_INLINE void pack_bias(const Run& run, float* packed) {
  const float* recurrent_bias =
      run.reset_after && run.bias != nullptr ? run.bias + gates * run.units : nullptr;
  for (std::int64_t block = 0; block < unit_blocks(run); ++block) {
    const std::int64_t u = block * lanes;
    const std::int64_t count = run.units - u;
    float* to = packed + block * gate_sums * lanes;
    for (int sum = 0; sum < gate_sums; ++sum) {
      Vector value = hn::Zero(tag);
      if (run.bias != nullptr && sum != recurrent) {
        value = load_first(run.bias + sum * run.units + u, count);
      }
      if (recurrent_bias != nullptr && sum != candidate) {
        const int gate = sum == recurrent ? candidate : sum;
        value = hn::Add(value, load_first(recurrent_bias + gate * run.units + u, count));
      }
      hn::StoreU(value, tag, to + sum * lanes);
    }
  }
}

void Prepare(const Run& run, Share share) {
  const Packed packed(run);
  pack_gate_panels(run, run.features, gates, run.kernel, packed.kernel, share);
  pack_gate_panels(run, run.units, gates, run.recurrent_kernel, packed.recurrent, share);
  if (share.index == 0) pack_bias(run, packed.bias);
}

void PrepareBackward(const Run& run, const Gradient& gradient, Share share) {
  const Packed packed(run);
  const std::int64_t k = gates * run.units;
  pack_transposed_share(k, run.units, run.recurrent_kernel, packed.recurrent_back, share);
  if (gradient.x.data != nullptr) {
    pack_transposed_share(k, run.features, run.kernel, packed.kernel_back, share);
  }
}

// ---- reset_after: one product, n = a(xh + r hh)

template <class Pair>
HWY_INLINE void cell_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                             std::int64_t u, const float* sums) {
  const std::int64_t units = run.units;
  const std::int64_t count = units - u;
  const Vector before = load_first(state_at(run, run.hidden, t, n) + u, count);
  const GruUnits cell(pair, sums, before);
  store_first(cell.hidden, state_at(run, run.hidden, t + 1, n) + u, count);
  float* tape = tape_at(run, run.tape, blocks, t, n) + u;
  store_first(cell.update_gate, tape + update * units, count);
  store_first(cell.reset_gate, tape + reset * units, count);
  store_first(cell.new_value, tape + candidate * units, count);
  store_first(cell.kept, tape + recurrent * units, count);
  if (float* z = tape_at(run, run.preactivations, blocks, t, n)) {
    store_first(hn::LoadU(tag, sums + update * lanes), z + update * units + u, count);
    store_first(hn::LoadU(tag, sums + reset * lanes), z + reset * units + u, count);
    store_first(cell.z_new, z + candidate * units + u, count);
  }
}

template <class Pair>
HWY_INLINE void step_reset_after(const Run& run, const Packed& packed, const Pair& pair,
                                 std::int64_t t, const ActiveRows& active, const StepInputs& inputs,
                                 Range units, const SumsAhead<gates>& ahead) {
  HWY_ALIGN float sums[most_sums];
  const std::int64_t end = pieces_of(units.end, lanes);
  for (std::int64_t block = units.begin / lanes; block < end;) {
    const std::int64_t together = blocks_together(inputs, end - block);
    const float* kernel = packed.kernel + block * run.features * gates * lanes;
    const float* recurrent_kernel = packed.recurrent + block * run.units * gates * lanes;
    const float* bias = packed.bias + block * gate_sums * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      sum_blocks<gates>(together, tile,
                        {inputs.x + row, run.features, kernel, gates * lanes, inputs.x_gate_stride},
                        {inputs.hidden + row, run.units, recurrent_kernel, gates * lanes,
                         inputs.hidden_gate_stride},
                        bias, ahead.at(t, block, row), sums);
      for (std::int64_t b = 0; b < together; ++b) {
        for (int i = 0; i < tile; ++i) {
          cell_forward(run, pair, t, active.index[row + i], (block + b) * lanes,
                       sums + (b * tile_rows + i) * gate_sums * lanes);
        }
      }
      row += tile;
    }
    block += together;
  }
}

// ---- reset_after false: z and r first, then n = a(xh + (r h') Uh)

// Gates z and r of a block of units, and r h'.
template <class Pair>
HWY_INLINE void gates_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                              std::int64_t u, const float* sums, const float* hidden) {
  const std::int64_t units = run.units;
  const std::int64_t count = units - u;
  const Vector z_update = hn::LoadU(tag, sums + update * lanes);
  const Vector z_reset = hn::LoadU(tag, sums + reset * lanes);
  const Vector reset_gate = pair.gate(z_reset);
  float* tape = tape_at(run, run.tape, blocks, t, n) + u;
  store_first(pair.gate(z_update), tape + update * units, count);
  store_first(reset_gate, tape + reset * units, count);
  store_first(hn::Mul(reset_gate, load_first(hidden + u, count)), tape + recurrent * units, count);
  if (float* z = tape_at(run, run.preactivations, blocks, t, n)) {
    store_first(z_update, z + update * units + u, count);
    store_first(z_reset, z + reset * units + u, count);
  }
}

template <class Pair>
HWY_INLINE void candidate_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                                  std::int64_t u, const float* sum) {
  const std::int64_t units = run.units;
  const std::int64_t count = units - u;
  float* tape = tape_at(run, run.tape, blocks, t, n) + u;
  const Vector z_new = hn::LoadU(tag, sum);
  const Vector new_value = pair.inner(z_new);
  const Vector before = load_first(state_at(run, run.hidden, t, n) + u, count);
  const Vector update_gate = load_first(tape + update * units, count);
  store_first(next_hidden(update_gate, before, new_value), state_at(run, run.hidden, t + 1, n) + u,
              count);
  store_first(new_value, tape + candidate * units, count);
  if (float* z = tape_at(run, run.preactivations, blocks, t, n)) {
    store_first(z_new, z + candidate * units + u, count);
  }
}

template <class Pair>
HWY_INLINE void step_reset_before(const Run& run, const Packed& packed, const Pair& pair,
                                  std::int64_t t, const ActiveRows& active,
                                  const StepInputs& inputs) {
  constexpr std::int64_t stride = gates * lanes;
  HWY_ALIGN float sums[tile_rows * 2 * lanes];
  float* out[tile_rows];
  for (int i = 0; i < tile_rows; ++i) out[i] = sums + i * 2 * lanes;

  for (std::int64_t block = 0; block < unit_blocks(run); ++block) {
    const float* kernel = packed.kernel + block * run.features * stride;
    const float* recurrent_kernel = packed.recurrent + block * run.units * stride;
    const float* bias = packed.bias + block * gate_sums * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      product(tile, 2 * lanes, {inputs.x + row, run.features, kernel, stride, inputs.x_gate_stride},
              {inputs.hidden + row, run.units, recurrent_kernel, stride, inputs.hidden_gate_stride},
              TileStart::row, bias, out);
      for (int i = 0; i < tile; ++i) {
        const float* hidden = inputs.hidden[row + i] + candidate * inputs.hidden_gate_stride;
        gates_forward(run, pair, t, active.index[row + i], block * lanes, out[i], hidden);
      }
      row += tile;
    }
  }
  const float* reset_hidden[group_rows];
  for (std::int64_t i = 0; i < active.count; ++i) {
    reset_hidden[i] = tape_at(run, run.tape, blocks, t, active.index[i]) + recurrent * run.units;
  }
  for (std::int64_t block = 0; block < unit_blocks(run); ++block) {
    const float* kernel = packed.kernel + block * run.features * stride + candidate * lanes;
    const float* recurrent_kernel =
        packed.recurrent + block * run.units * stride + candidate * lanes;
    const float* bias = packed.bias + (block * gate_sums + candidate) * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      product(tile, lanes,
              {inputs.x + row, run.features, kernel, stride, inputs.x_gate_stride, candidate},
              {reset_hidden + row, run.units, recurrent_kernel, stride}, TileStart::row, bias, out);
      for (int i = 0; i < tile; ++i) {
        candidate_forward(run, pair, t, active.index[row + i], block * lanes, out[i]);
      }
      row += tile;
    }
  }
}

template <class Pair>
HWY_INLINE void run_forward(const Run& run, Range rows) {
  const Packed packed(run);
  const Pair pair(run.activation, run.recurrent_activation);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += group_rows) {
    const Range group{begin, smaller(begin + group_rows, rows.end)};
    SumsAhead<gates> ahead(run, packed.kernel, packed.bias, group, all_units(run));
    for (std::int64_t t = 0; t < run.steps; ++t) {
      ActiveRows active;
      collect_and_pass_on(run, t, group, all_units(run), active);
      const StepInputs inputs(run, t, active, gates, dropout_scratch(run, gates));
      if (run.reset_after) {
        ahead.before(t);
        step_reset_after(run, packed, pair, t, active, inputs, all_units(run), ahead);
      } else {
        step_reset_before(run, packed, pair, t, active, inputs);
      }
    }
  }
}

HWY_INLINE bool is_usual(const Run& run) {
  return run.activation == Activation::tanh && run.recurrent_activation == Activation::sigmoid;
}

void Forward(const Run& run, Range rows) {
  if (is_usual(run)) return run_forward<Usual>(run, rows);
  run_forward<AnyPair>(run, rows);
}

// Without reset_after a step has two products, one after the other.
bool SharesUnits(const Run& run) { return run.reset_after && has_no_dropout(run); }

template <class Pair>
HWY_INLINE void run_forward_units(const Run& run, Share share, StepBarrier& barrier) {
  const Packed packed(run);
  const Pair pair(run.activation, run.recurrent_activation);
  const Range own = units_of(run, share, panel_columns);
  SumsAhead<gates> ahead(run, packed.kernel, packed.bias, {0, run.rows}, own);
  steps_in_company(run, own, barrier, [&](std::int64_t t, Range rows, Range units) {
    ActiveRows active;
    collect_and_pass_on(run, t, rows, units, active);
    const StepInputs inputs(run, t, active, gates, dropout_scratch(run, gates));
    ahead.before(t);
    step_reset_after(run, packed, pair, t, active, inputs, units, ahead);
  });
}

void ForwardUnits(const Run& run, Share share, StepBarrier& barrier) {
  if (is_usual(run)) return run_forward_units<Usual>(run, share, barrier);
  run_forward_units<AnyPair>(run, share, barrier);
}

// ---- Backward

// One row of a step: dz and dn, the way of h' through z h', and with reset_after dr and what goes
// through Uh.
template <class Pair>
HWY_INLINE void cell_backward(const Run& run, const Gradient& gradient, const Pair& pair,
                              std::int64_t t, std::int64_t n, Range some) {
  const std::int64_t units = run.units;
  float* tape = tape_at(run, run.tape, blocks, t, n);
  const float* z = tape_at(run, run.preactivations, blocks, t, n);
  if (z == nullptr) z = tape;
  const float* hidden_before = state_at(run, run.hidden, t, n);
  float* d_hidden = gradient.hidden + n * units;
  for (std::int64_t u = some.begin; u < some.end; u += lanes) {
    const std::int64_t count = some.end - u;
    const Vector update_gate = load_first(tape + update * units + u, count);
    const Vector reset_gate = load_first(tape + reset * units + u, count);
    const Vector new_value = load_first(tape + candidate * units + u, count);
    const Vector before = load_first(hidden_before + u, count);
    const Vector dh = load_first(d_hidden + u, count);
    const Vector z_update = load_first(z + update * units + u, count);
    const Vector z_reset = load_first(z + reset * units + u, count);
    const Vector z_new = load_first(z + candidate * units + u, count);
    const Vector d_update =
        hn::Mul(hn::Mul(dh, hn::Sub(before, new_value)), pair.gate_slope(z_update, update_gate));
    const Vector d_new = hn::Mul(hn::Mul(dh, hn::Sub(hn::Set(tag, 1.0F), update_gate)),
                                 pair.inner_slope(z_new, new_value));
    store_first(d_update, tape + update * units + u, count);
    store_first(d_new, tape + candidate * units + u, count);
    store_first(hn::Mul(dh, update_gate), d_hidden + u, count);
    if (!run.reset_after) continue;
    const Vector kept = load_first(tape + recurrent * units + u, count);
    const Vector d_reset = hn::Mul(hn::Mul(d_new, kept), pair.gate_slope(z_reset, reset_gate));
    store_first(d_reset, tape + reset * units + u, count);
    store_first(hn::Mul(d_new, reset_gate), tape + recurrent * units + u, count);
  }
}

// reset_after false: dr from the gradient by r h', and the way of h' through r h'.
template <class Pair>
HWY_INLINE void reset_backward(const Run& run, const Gradient& gradient, const Pair& pair,
                               std::int64_t t, std::int64_t n, const float* d_reset_hidden) {
  const std::int64_t units = run.units;
  float* tape = tape_at(run, run.tape, blocks, t, n);
  const float* z = tape_at(run, run.preactivations, blocks, t, n);
  if (z == nullptr) z = tape;
  const float* hidden_before = state_at(run, run.hidden, t, n);
  const float* factors = run.recurrent_dropout == nullptr
                             ? nullptr
                             : run.recurrent_dropout + (candidate * run.rows + n) * units;
  float* d_hidden = gradient.hidden + n * units;
  for (std::int64_t u = 0; u < units; u += lanes) {
    const std::int64_t count = units - u;
    const Vector d = load_first(d_reset_hidden + u, count);
    const Vector reset_gate = load_first(tape + reset * units + u, count);
    const Vector factor = factors == nullptr ? hn::Set(tag, 1.0F) : load_first(factors + u, count);
    const Vector before = hn::Mul(load_first(hidden_before + u, count), factor);
    const Vector z_reset = load_first(z + reset * units + u, count);
    const Vector d_reset = hn::Mul(hn::Mul(d, before), pair.gate_slope(z_reset, reset_gate));
    const Vector through =
        hn::MulAdd(hn::Mul(d, reset_gate), factor, load_first(d_hidden + u, count));
    store_first(d_reset, tape + reset * units + u, count);
    store_first(through, d_hidden + u, count);
  }
}

// Where the gates' gradients lie on the tape: for W; for U with reset_after; for U's z and r
// without it, and its h.
constexpr GatePart kernel_parts[] = {{update, update}, {reset, reset}, {candidate, candidate}};
constexpr GatePart recurrent_parts[] = {{update, update}, {reset, reset}, {recurrent, candidate}};
constexpr GatePart gate_parts[] = {{update, update}, {reset, reset}};
constexpr GatePart candidate_part[] = {{candidate, candidate}};

template <class Pair>
HWY_INLINE void step_backward(const Run& run, const Gradient& gradient, const Packed& packed,
                              const Pair& pair, std::int64_t t, const ActiveRows& active,
                              Range units) {
  const std::int64_t row_scratch = ScratchSize(run, true);
  if (run.reset_after) {
    hidden_gradient(run, gradient, t, active, gates, blocks, recurrent_parts, 3,
                    packed.recurrent_back, row_scratch, units);
    return;
  }
  const float* d_new[group_rows];
  float* d_reset_hidden[group_rows];
  for (std::int64_t i = 0; i < active.count; ++i) {
    const std::int64_t n = active.index[i];
    d_new[i] = tape_at(run, run.tape, blocks, t, n) + candidate * run.units;
    d_reset_hidden[i] = run.scratch + n * row_scratch + dropout_scratch(run, gates);
  }
  rows_times_panels(active.count, d_new, run.units, packed.recurrent_back, gates * run.units,
                    candidate * run.units, run.units, TileStart::zero, d_reset_hidden);
  for (std::int64_t i = 0; i < active.count; ++i) {
    reset_backward(run, gradient, pair, t, active.index[i], d_reset_hidden[i]);
  }
  hidden_gradient(run, gradient, t, active, gates, blocks, gate_parts, 2, packed.recurrent_back,
                  row_scratch, units);
}

template <class Pair>
struct Back {
  static constexpr std::int64_t tape_blocks = blocks;
  const Run& run;
  const Gradient& gradient;
  const Packed packed{run};
  const Pair pair{run.activation, run.recurrent_activation};

  HWY_INLINE void cell(std::int64_t t, std::int64_t n, Range units) const {
    cell_backward(run, gradient, pair, t, n, units);
  }
  HWY_INLINE void hidden(std::int64_t t, const ActiveRows& active, Range units) const {
    step_backward(run, gradient, packed, pair, t, active, units);
  }
};

void Backward(const Run& run, const Gradient& gradient, Range rows) {
  if (is_usual(run)) return steps_back(run, gradient, Back<Usual>{run, gradient}, rows);
  steps_back(run, gradient, Back<AnyPair>{run, gradient}, rows);
}

void BackwardUnits(const Run& run, const Gradient& gradient, Share share, StepBarrier& barrier) {
  const Range units = units_of(run, share, panel_columns);
  if (is_usual(run)) {
    return steps_back_in_company(run, gradient, Back<Usual>{run, gradient}, units, barrier);
  }
  steps_back_in_company(run, gradient, Back<AnyPair>{run, gradient}, units, barrier);
}

void InputGradient(const Run& run, const Gradient& gradient, Range rows) {
  write_input_gradient(run, gradient, gates, blocks, Packed(run).kernel_back, rows);
}

// r h', as it met Uh.
struct ResetHiddenLeft {
  const Run& run;
  HWY_INLINE bool by_gate() const { return false; }
  HWY_INLINE bool dropped() const { return false; }
  HWY_INLINE const float* row(std::int64_t t, std::int64_t n) const {
    return tape_at(run, run.tape, blocks, t, n) + recurrent * run.units;
  }
  HWY_INLINE const float* factors(std::int64_t, std::int64_t) const { return nullptr; }
};

std::int64_t WorkspaceSize(const Run& run) { return weight_workspace(run, gates); }

void WeightGradient(const Run& run, const Gradient& gradient, Share share, float* workspace) {
  const WeightCut cut = cut_weights(run, gates, share);
  add_weight_gradient(run, {blocks, kernel_parts, 3, gates, gradient.kernel, gradient.bias},
                      InputLeft{run}, cut.features, cut.units, workspace);
  float* recurrent_kernel = gradient.recurrent_kernel;
  if (run.reset_after) {
    float* bias = gradient.bias == nullptr ? nullptr : gradient.bias + gates * run.units;
    add_weight_gradient(run, {blocks, recurrent_parts, 3, gates, recurrent_kernel, bias},
                        HiddenLeft{run}, cut.hidden, cut.units, workspace);
    return;
  }
  add_weight_gradient(run, {blocks, gate_parts, 2, gates, recurrent_kernel, nullptr},
                      HiddenLeft{run}, cut.hidden, cut.units, workspace);
  add_weight_gradient(run, {blocks, candidate_part, 1, gates, recurrent_kernel, nullptr},
                      ResetHiddenLeft{run}, cut.hidden, cut.units, workspace);
}

const CellKernels<float>& Kernels() {
  static constexpr CellKernels<float> kernels{
      .gate_blocks = gates,
      .tape_blocks = blocks,
      .cells = 0,
      .packed_size = PackedSize,
      .scratch_size = ScratchSize,
      .prepare = Prepare,
      .forward = Forward,
      .prepare_backward = PrepareBackward,
      .backward = Backward,
      .shares_units = SharesUnits,
      .forward_units = ForwardUnits,
      .backward_units = BackwardUnits,
      .input_gradient = InputGradient,
      .workspace_size = WorkspaceSize,
      .weight_gradient = WeightGradient,
  };
  return kernels;
}

}  // namespace gru_cell

const CellKernels<float>& GruKernels() { return gru_cell::Kernels(); }

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(GruKernels);

template <>
const CellKernels<float>& gru<float>() {
  return CHRONICLER_DISPATCH(GruKernels)();
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
