// The fast SimpleRNN: the contract is kernels/simple_rnn.h, the readable twin
// reference/simple_rnn.h.
#include "kernels/simple_rnn.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/simple_rnn.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/recurrent-inl.h"
#include "kernels/simd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {
namespace simple_rnn_cell {

constexpr int gates = 1;
constexpr int blocks = 1;  // of the tape

// The weights as the tiles read them: all are panels of columns.
struct Packed {
  float* kernel;          // W
  float* recurrent;       // U
  float* bias;            // [panel_columns] for each panel
  float* recurrent_back;  // U^T
  float* kernel_back;     // W^T
  std::int64_t size;

  HWY_INLINE explicit Packed(const Run& run) {
    float* at = run.packed;
    kernel = at;
    at += packed_panels_size(run.features, run.units);
    recurrent = at;
    at += packed_panels_size(run.units, run.units);
    bias = at;
    at += packed_panels_size(1, run.units);
    recurrent_back = at;
    at += packed_panels_size(run.units, run.units);
    kernel_back = at;
    at += packed_panels_size(run.units, run.features);
    size = at - run.packed;
  }
};

std::int64_t PackedSize(const Run& run, bool training) {
  const Packed packed(run);
  return training ? packed.size : packed.recurrent_back - run.packed;
}

std::int64_t ScratchSize(const Run& run, bool) { return dropout_scratch(run, gates); }

// Small matrices: the first share does it all.
void Prepare(const Run& run, Share share) {
  if (share.index != 0) return;
  const Packed packed(run);
  pack_panels(run.features, run.units, run.kernel, run.units, false, packed.kernel);
  pack_panels(run.units, run.units, run.recurrent_kernel, run.units, false, packed.recurrent);
  if (run.bias != nullptr) {
    pack_panels(1, run.units, run.bias, run.units, false, packed.bias);
  } else {
    std::memset(packed.bias, 0,
                static_cast<std::size_t>(packed_panels_size(1, run.units)) * sizeof(float));
  }
}

void PrepareBackward(const Run& run, const Gradient& gradient, Share share) {
  const Packed packed(run);
  pack_transposed_share(run.units, run.units, run.recurrent_kernel, packed.recurrent_back, share);
  if (gradient.x.data != nullptr) {
    pack_transposed_share(run.units, run.features, run.kernel, packed.kernel_back, share);
  }
}

// One row's units [u, u + columns), from the sums: h = a(z).
template <class Pair>
HWY_INLINE void cell_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                             std::int64_t u, std::int64_t columns, const float* sums) {
  float* hidden = state_at(run, run.hidden, t + 1, n) + u;
  float* tape = tape_at(run, run.tape, blocks, t, n) + u;
  float* before = tape_at(run, run.preactivations, blocks, t, n);
  for (std::int64_t i = 0; i < columns; i += lanes) {
    const Vector z = hn::LoadU(tag, sums + i);
    const Vector h = pair.inner(z);
    store_first(h, hidden + i, columns - i);
    store_first(h, tape + i, columns - i);
    if (before != nullptr) store_first(z, before + u + i, columns - i);
  }
}

template <class Pair>
HWY_INLINE void step_forward(const Run& run, const Packed& packed, const Pair& pair, std::int64_t t,
                             Range rows, Range units) {
  ActiveRows active;
  collect_and_pass_on(run, t, rows, units, active);
  const StepInputs inputs(run, t, active, gates, dropout_scratch(run, gates));
  HWY_ALIGN float sums[tile_rows * panel_columns];
  float* out[tile_rows];
  for (int i = 0; i < tile_rows; ++i) out[i] = sums + i * panel_columns;
  for (std::int64_t u = units.begin; u < units.end; u += panel_columns) {
    const std::int64_t columns = smaller(panel_columns, units.end - u);
    const std::int64_t padded = pieces_of(columns, lanes) * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      product(tile, padded,
              {inputs.x + row, run.features, packed.kernel + u * run.features, panel_columns},
              {inputs.hidden + row, run.units, packed.recurrent + u * run.units, panel_columns},
              TileStart::row, packed.bias + u, out);
      for (int i = 0; i < tile; ++i) {
        cell_forward(run, pair, t, active.index[row + i], u, columns, out[i]);
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
    for (std::int64_t t = 0; t < run.steps; ++t) {
      step_forward(run, packed, pair, t, group, all_units(run));
    }
  }
}

void Forward(const Run& run, Range rows) {
  if (run.activation == Activation::tanh) return run_forward<Usual>(run, rows);
  run_forward<AnyPair>(run, rows);
}

template <class Pair>
HWY_INLINE void run_forward_units(const Run& run, Share share, StepBarrier& barrier) {
  const Packed packed(run);
  const Pair pair(run.activation, run.recurrent_activation);
  steps_in_company(run, units_of(run, share, panel_columns), barrier,
                   [&](std::int64_t t, Range rows, Range units) {
                     step_forward(run, packed, pair, t, rows, units);
                   });
}

void ForwardUnits(const Run& run, Share share, StepBarrier& barrier) {
  if (run.activation == Activation::tanh) return run_forward_units<Usual>(run, share, barrier);
  run_forward_units<AnyPair>(run, share, barrier);
}

// One row of a step: dz = dh a'(z) takes the place of h on the tape.
template <class Pair>
HWY_INLINE void cell_backward(const Run& run, const Gradient& gradient, const Pair& pair,
                              std::int64_t t, std::int64_t n, Range units) {
  float* tape = tape_at(run, run.tape, blocks, t, n);
  const float* before = tape_at(run, run.preactivations, blocks, t, n);
  float* d_hidden = gradient.hidden + n * run.units;
  for (std::int64_t u = units.begin; u < units.end; u += lanes) {
    const std::int64_t count = units.end - u;
    const Vector h = load_first(tape + u, count);
    const Vector z = before == nullptr ? h : load_first(before + u, count);
    const Vector dz = hn::Mul(load_first(d_hidden + u, count), pair.inner_slope(z, h));
    store_first(dz, tape + u, count);
    store_first(hn::Zero(tag), d_hidden + u, count);
  }
}

constexpr GatePart parts[] = {{0, 0}};

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
    hidden_gradient(run, gradient, t, active, gates, blocks, parts, 1, packed.recurrent_back,
                    dropout_scratch(run, gates), units);
  }
};

void Backward(const Run& run, const Gradient& gradient, Range rows) {
  if (run.activation == Activation::tanh)
    return steps_back(run, gradient, Back<Usual>{run, gradient}, rows);
  steps_back(run, gradient, Back<AnyPair>{run, gradient}, rows);
}

void BackwardUnits(const Run& run, const Gradient& gradient, Share share, StepBarrier& barrier) {
  const Range units = units_of(run, share, panel_columns);
  if (run.activation == Activation::tanh) {
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
  add_weight_gradient(run, {blocks, parts, 1, gates, gradient.kernel, gradient.bias},
                      InputLeft{run}, cut.features, cut.units, workspace);
  add_weight_gradient(run, {blocks, parts, 1, gates, gradient.recurrent_kernel, nullptr},
                      HiddenLeft{run}, cut.hidden, cut.units, workspace);
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
      .shares_units = has_no_dropout,
      .forward_units = ForwardUnits,
      .backward_units = BackwardUnits,
      .input_gradient = InputGradient,
      .workspace_size = WorkspaceSize,
      .weight_gradient = WeightGradient,
  };
  return kernels;
}

}  // namespace simple_rnn_cell

const CellKernels<float>& SimpleRnnKernels() { return simple_rnn_cell::Kernels(); }

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(SimpleRnnKernels);

template <>
const CellKernels<float>& simple_rnn<float>() {
  return CHRONICLER_DISPATCH(SimpleRnnKernels)();
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
