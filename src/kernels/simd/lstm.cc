// The fast LSTM: the contract is kernels/lstm.h, the readable twin reference/lstm.h.
#include "kernels/lstm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/lstm.cc"
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
namespace lstm_cell {

constexpr int gates = 4;
constexpr int blocks = 4;  // of the tape
// Keras's order, in the weights and on the tape.
enum Gate : int { input, forget, candidate, output };

// The weights as the tiles read them.
struct Packed {
  float* kernel;          // gate panels [F]
  float* recurrent;       // gate panels [U]
  float* bias;            // [block][gate][lanes]
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
    at += unit_blocks(run) * gates * lanes;
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

std::int64_t ScratchSize(const Run& run, bool) {
  return dropout_scratch(run, gates) + ahead_scratch(run, gates);
}

void Prepare(const Run& run, Share share) {
  const Packed packed(run);
  pack_gate_panels(run, run.features, gates, run.kernel, packed.kernel, share);
  pack_gate_panels(run, run.units, gates, run.recurrent_kernel, packed.recurrent, share);
  if (share.index != 0) return;
  if (run.bias != nullptr) {
    pack_gate_panels(run, 1, gates, run.bias, packed.bias, {});
  } else {
    std::memset(packed.bias, 0,
                static_cast<std::size_t>(unit_blocks(run) * gates * lanes) * sizeof(float));
  }
}

void PrepareBackward(const Run& run, const Gradient& gradient, Share share) {
  const Packed packed(run);
  const std::int64_t k = gates * run.units;
  pack_transposed_share(k, run.units, run.recurrent_kernel, packed.recurrent_back, share);
  if (gradient.x.data != nullptr) {
    pack_transposed_share(k, run.features, run.kernel, packed.kernel_back, share);
  }
}

// One row's block of units, from the sums: c = s(zf) c' + s(zi) a(zc), h = s(zo) a(c).
template <class Pair>
HWY_INLINE void cell_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                             std::int64_t u, const float* sums) {
  const std::int64_t units = run.units;
  const std::int64_t count = units - u;
  const LstmUnits cell(pair, sums, load_first(state_at(run, run.cell, t, n) + u, count));
  store_first(cell.cell, state_at(run, run.cell, t + 1, n) + u, count);
  store_first(cell.hidden, state_at(run, run.hidden, t + 1, n) + u, count);
  if (float* tape = tape_at(run, run.tape, blocks, t, n)) {
    store_first(cell.input_gate, tape + input * units + u, count);
    store_first(cell.forget_gate, tape + forget * units + u, count);
    store_first(cell.new_value, tape + candidate * units + u, count);
    store_first(cell.output_gate, tape + output * units + u, count);
  }
  if (float* before = tape_at(run, run.preactivations, blocks, t, n)) {
    CHRONICLER_UNROLL
    for (int gate = 0; gate < gates; ++gate) {
      store_first(hn::LoadU(tag, sums + gate * lanes), before + gate * units + u, count);
    }
  }
}

// One step of a group of rows, for some units (whole blocks).
template <class Pair>
HWY_INLINE void step_forward(const Run& run, const Packed& packed, const Pair& pair, std::int64_t t,
                             Range rows, Range units, const SumsAhead<gates>& ahead) {
  ActiveRows active;
  collect_and_pass_on(run, t, rows, units, active);
  const StepInputs inputs(run, t, active, gates, dropout_scratch(run, gates));
  HWY_ALIGN float sums[most_sums];
  const std::int64_t end = pieces_of(units.end, lanes);
  for (std::int64_t block = units.begin / lanes; block < end;) {
    const std::int64_t together = blocks_together(inputs, end - block);
    const float* kernel = packed.kernel + block * run.features * gates * lanes;
    const float* recurrent = packed.recurrent + block * run.units * gates * lanes;
    const float* bias = packed.bias + block * gates * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      sum_blocks<gates>(
          together, tile,
          {inputs.x + row, run.features, kernel, gates * lanes, inputs.x_gate_stride},
          {inputs.hidden + row, run.units, recurrent, gates * lanes, inputs.hidden_gate_stride},
          bias, ahead.at(t, block, row), sums);
      for (std::int64_t b = 0; b < together; ++b) {
        for (int i = 0; i < tile; ++i) {
          cell_forward(run, pair, t, active.index[row + i], (block + b) * lanes,
                       sums + (b * tile_rows + i) * gates * lanes);
        }
      }
      row += tile;
    }
    block += together;
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
      ahead.before(t);
      step_forward(run, packed, pair, t, group, all_units(run), ahead);
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

template <class Pair>
HWY_INLINE void run_forward_units(const Run& run, Share share, StepBarrier& barrier) {
  const Packed packed(run);
  const Pair pair(run.activation, run.recurrent_activation);
  const Range own = units_of(run, share, panel_columns);
  SumsAhead<gates> ahead(run, packed.kernel, packed.bias, {0, run.rows}, own);
  steps_in_company(run, own, barrier, [&](std::int64_t t, Range rows, Range units) {
    ahead.before(t);
    step_forward(run, packed, pair, t, rows, units, ahead);
  });
}

void ForwardUnits(const Run& run, Share share, StepBarrier& barrier) {
  if (is_usual(run)) return run_forward_units<Usual>(run, share, barrier);
  run_forward_units<AnyPair>(run, share, barrier);
}

// One row of a step: the gates on the tape become their gradients, dh and dc go one step back.
template <class Pair>
HWY_INLINE void cell_backward(const Run& run, const Gradient& gradient, const Pair& pair,
                              std::int64_t t, std::int64_t n, Range some) {
  const std::int64_t units = run.units;
  float* tape = tape_at(run, run.tape, blocks, t, n);
  const float* before = tape_at(run, run.preactivations, blocks, t, n);
  const float* cell_before = state_at(run, run.cell, t, n);
  const float* cell = state_at(run, run.cell, t + 1, n);
  float* d_hidden = gradient.hidden + n * units;
  float* d_cell = gradient.cell + n * units;
  for (std::int64_t u = some.begin; u < some.end; u += lanes) {
    const std::int64_t count = some.end - u;
    Vector gate[gates];
    Vector z[gates];
    CHRONICLER_UNROLL
    for (int i = 0; i < gates; ++i) {
      gate[i] = load_first(tape + i * units + u, count);
      z[i] = before == nullptr ? gate[i] : load_first(before + i * units + u, count);
    }
    const Vector c = load_first(cell + u, count);
    const Vector dh = load_first(d_hidden + u, count);
    const Vector shown = pair.inner(c);
    const Vector dc = hn::MulAdd(hn::Mul(dh, gate[output]), pair.inner_slope(c, shown),
                                 load_first(d_cell + u, count));
    const Vector d_input =
        hn::Mul(hn::Mul(dc, gate[candidate]), pair.gate_slope(z[input], gate[input]));
    const Vector d_forget = hn::Mul(hn::Mul(dc, load_first(cell_before + u, count)),
                                    pair.gate_slope(z[forget], gate[forget]));
    const Vector d_candidate =
        hn::Mul(hn::Mul(dc, gate[input]), pair.inner_slope(z[candidate], gate[candidate]));
    const Vector d_output = hn::Mul(hn::Mul(dh, shown), pair.gate_slope(z[output], gate[output]));
    store_first(d_input, tape + input * units + u, count);
    store_first(d_forget, tape + forget * units + u, count);
    store_first(d_candidate, tape + candidate * units + u, count);
    store_first(d_output, tape + output * units + u, count);
    store_first(hn::Mul(dc, gate[forget]), d_cell + u, count);
    store_first(hn::Zero(tag), d_hidden + u, count);
  }
}

constexpr GatePart all_parts[gates] = {
    {input, input}, {forget, forget}, {candidate, candidate}, {output, output}};

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
    hidden_gradient(run, gradient, t, active, gates, blocks, all_parts, gates,
                    packed.recurrent_back, dropout_scratch(run, gates), units);
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

std::int64_t WorkspaceSize(const Run& run) { return weight_workspace(run, gates); }

void WeightGradient(const Run& run, const Gradient& gradient, Share share, float* workspace) {
  const WeightCut cut = cut_weights(run, gates, share);
  add_weight_gradient(run, {blocks, all_parts, gates, gates, gradient.kernel, gradient.bias},
                      InputLeft{run}, cut.features, cut.units, workspace);
  add_weight_gradient(run, {blocks, all_parts, gates, gates, gradient.recurrent_kernel, nullptr},
                      HiddenLeft{run}, cut.hidden, cut.units, workspace);
}

const CellKernels<float>& Kernels() {
  static constexpr CellKernels<float> kernels{
      .gate_blocks = gates,
      .tape_blocks = blocks,
      .cells = 1,
      .packed_size = PackedSize,
      .scratch_size = ScratchSize,
      .prepare = Prepare,
      .forward = Forward,
      .prepare_backward = PrepareBackward,
      .backward = Backward,
      .shares_units = has_no_dropout,
      .forward_units = ForwardUnits,
      .backward_units = BackwardUnits,
      .input_gradient = InputGradient,
      .workspace_size = WorkspaceSize,
      .weight_gradient = WeightGradient,
  };
  return kernels;
}

}  // namespace lstm_cell

const CellKernels<float>& LstmKernels() { return lstm_cell::Kernels(); }

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(LstmKernels);

template <>
const CellKernels<float>& lstm<float>() {
  return CHRONICLER_DISPATCH(LstmKernels)();
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
