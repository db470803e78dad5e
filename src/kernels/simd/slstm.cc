// The fast sLSTM: the contract is kernels/slstm.h, the readable twin reference/slstm.h.
#include "kernels/slstm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/slstm.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/heads.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/cells-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/recurrent-inl.h"
#include "kernels/simd/weights-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {
namespace slstm_cell {

constexpr int gates = 4;
constexpr int blocks = 5;  // of the tape
constexpr int cells = 3;
enum Gate : int { input, forget, candidate, output, slope };  // in the weights and on the tape
enum Cell : int { cell, normalizer, stabilizer };

// Row n of a state besides h in slot s.
HWY_INLINE float* cell_at(const Run& run, Cell which, std::int64_t s, std::int64_t n) {
  return run.cell + ((s % run.state_slots * cells + which) * run.rows + n) * run.units;
}

// The hidden states that a block of units reads.
HWY_INLINE HeadRows head_rows(const Run& run) { return {run.units, run.heads, lanes}; }
HWY_INLINE std::int64_t head_units(const Run& run) { return run.units / run.heads; }
HWY_INLINE Range units_of_head(const Run& run, std::int64_t head) {
  return {head * head_units(run), (head + 1) * head_units(run)};
}
HWY_INLINE Range common(Range a, Range b) {
  const std::int64_t begin = larger(a.begin, b.begin);
  return {begin, larger(begin, smaller(a.end, b.end))};
}

// The weights as the tiles read them.
struct Packed {
  float* kernel;           // gate panels [F]
  float* recurrent;        // gate panels of the rows that each block reads
  float* bias;             // [block][gate][lanes]
  float* recurrent_back;   // [head] R^T
  float* kernel_back;      // W^T
  std::int64_t head_back;  // numbers of a head of recurrent_back
  std::int64_t size;

  HWY_INLINE explicit Packed(const Run& run) {
    float* at = run.packed;
    kernel = at;
    at += gate_panels_size(run, run.features, gates);
    recurrent = at;
    at += gate_panels_size(run, head_rows(run).rows, gates);
    bias = at;
    at += unit_blocks(run) * gates * lanes;
    recurrent_back = at;
    head_back = packed_panels_size(gates * head_units(run), head_units(run));
    at += run.heads * head_back;
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

// Gate panels of the recurrent kernel: rows of heads that a unit does not see are zeros for it.
HWY_INLINE void pack_recurrent(const Run& run, float* packed, Share share) {
  const HeadRows rows = head_rows(run);
  const std::int64_t head = head_units(run);
  const std::int64_t ld = gates * run.units;
  for (std::int64_t block = share.index; block < unit_blocks(run); block += share.count) {
    const Range units{block * lanes, smaller(run.units, (block + 1) * lanes)};
    const std::int64_t begin = rows.begin(units.begin);
    float* to = packed + block * rows.rows * gates * lanes;
    for (std::int64_t k = begin; k < begin + rows.rows; ++k) {
      const Range seen = common(units, units_of_head(run, k / head));
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        const float* from = run.recurrent_kernel + k % head * ld + gate * run.units;
        std::memset(to, 0, static_cast<std::size_t>(lanes) * sizeof(float));
        std::memcpy(to + (seen.begin - units.begin), from + seen.begin,
                    static_cast<std::size_t>(seen.size()) * sizeof(float));
        to += lanes;
      }
    }
  }
}

void Prepare(const Run& run, Share share) {
  const Packed packed(run);
  pack_gate_panels(run, run.features, gates, run.kernel, packed.kernel, share);
  pack_recurrent(run, packed.recurrent, share);
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
  const std::int64_t head = head_units(run);
  // [gate][unit of the head], a panel of columns after the other.
  const std::int64_t panels = pieces_of(head, panel_columns);
  for (std::int64_t i = share.index; i < run.heads * panels; i += share.count) {
    const std::int64_t begin = i % panels * panel_columns;
    const std::int64_t width = smaller(panel_columns, head - begin);
    float* to = packed.recurrent_back + i / panels * packed.head_back + begin * gates * head;
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      pack_panels(head, width,
                  run.recurrent_kernel + begin * k + gate * run.units + i / panels * head, k, true,
                  to + gate * head * panel_columns);
    }
  }
  if (gradient.x.data != nullptr) {
    pack_transposed_share(k, run.features, run.kernel, packed.kernel_back, share);
  }
}

// One row's block of units, from the sums.
template <class Pair>
HWY_INLINE void cell_forward(const Run& run, const Pair& pair, std::int64_t t, std::int64_t n,
                             std::int64_t u, const float* sums) {
  const std::int64_t units = run.units;
  const std::int64_t count = units - u;
  const auto sum = [&](int gate) { return hn::LoadU(tag, sums + gate * lanes); };
  const auto before = [&](Cell which) { return load_first(cell_at(run, which, t, n) + u, count); };
  const SlstmUnits all(pair, run.exponential_forget, sum(input), sum(forget), sum(candidate),
                       sum(output), before(cell), before(normalizer), before(stabilizer));
  store_first(all.cell, cell_at(run, cell, t + 1, n) + u, count);
  store_first(all.normalizer, cell_at(run, normalizer, t + 1, n) + u, count);
  store_first(all.gates.stabilizer, cell_at(run, stabilizer, t + 1, n) + u, count);
  store_first(all.hidden, state_at(run, run.hidden, t + 1, n) + u, count);
  if (float* tape = tape_at(run, run.tape, blocks, t, n)) {
    store_first(all.gates.input_gate, tape + input * units + u, count);
    store_first(all.gates.forget_gate, tape + forget * units + u, count);
    store_first(all.new_value, tape + candidate * units + u, count);
    store_first(all.output_gate, tape + output * units + u, count);
    store_first(all.gates.slope, tape + slope * units + u, count);
  }
  if (float* z = tape_at(run, run.preactivations, blocks, t, n)) {
    CHRONICLER_UNROLL
    for (int gate = 0; gate < gates; ++gate) store_first(sum(gate), z + gate * units + u, count);
  }
}

// The rows that take part in a step; the states of the others are passed on.
HWY_INLINE void collect(const Run& run, std::int64_t t, Range rows, Range units,
                        ActiveRows& active) {
  Run hidden_alone = run;
  hidden_alone.cell = nullptr;
  collect_and_pass_on(hidden_alone, t, rows, units, active);
  if (active.count == rows.size()) return;
  for (std::int64_t n = rows.begin; n < rows.end; ++n) {
    if (!is_masked(run, t, n)) continue;
    for (const Cell which : {cell, normalizer, stabilizer}) {
      std::memcpy(cell_at(run, which, t + 1, n) + units.begin,
                  cell_at(run, which, t, n) + units.begin,
                  static_cast<std::size_t>(units.size()) * sizeof(float));
    }
  }
}

// One step of a group of rows, for some units (whole blocks).
template <class Pair>
HWY_INLINE void step_forward(const Run& run, const Packed& packed, const Pair& pair, std::int64_t t,
                             Range rows, Range units, const SumsAhead<gates>& ahead) {
  ActiveRows active;
  collect(run, t, rows, units, active);
  const StepInputs inputs(run, t, active, gates, dropout_scratch(run, gates));
  const HeadRows heads = head_rows(run);
  HWY_ALIGN float sums[most_sums];
  const std::int64_t end = pieces_of(units.end, lanes);
  for (std::int64_t block = units.begin / lanes; block < end;) {
    const std::int64_t together = run.heads > 1 ? 1 : blocks_together(inputs, end - block);
    const std::int64_t first = heads.begin(block * lanes);
    const float* kernel = packed.kernel + block * run.features * gates * lanes;
    const float* recurrent = packed.recurrent + block * heads.rows * gates * lanes;
    const float* bias = packed.bias + block * gates * lanes;
    for (std::int64_t row = 0; row < active.count;) {
      const int tile = next_tile(active.count - row);
      const float* hidden[tile_rows];
      for (int i = 0; i < tile; ++i) hidden[i] = inputs.hidden[row + i] + first;
      sum_blocks<gates>(together, tile,
                        {inputs.x + row, run.features, kernel, gates * lanes, inputs.x_gate_stride},
                        {hidden, heads.rows, recurrent, gates * lanes, inputs.hidden_gate_stride},
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

// One row of a step: the gates on the tape become their gradients, those of the states go one step
// back.
template <class Pair>
HWY_INLINE void cell_backward(const Run& run, const Gradient& gradient, const Pair& pair,
                              std::int64_t t, std::int64_t n, Range some) {
  const std::int64_t units = run.units;
  float* tape = tape_at(run, run.tape, blocks, t, n);
  const float* z = tape_at(run, run.preactivations, blocks, t, n);
  float* d_hidden = gradient.hidden + n * units;
  float* d_cells[cells];
  for (int i = 0; i < cells; ++i) d_cells[i] = gradient.cell + (i * run.rows + n) * units;
  const Vector zero = hn::Zero(tag);
  for (std::int64_t u = some.begin; u < some.end; u += lanes) {
    const std::int64_t count = some.end - u;
    const auto kept = [&](int block) { return load_first(tape + block * units + u, count); };
    const auto state = [&](Cell which, std::int64_t s) {
      return load_first(cell_at(run, which, s, n) + u, count);
    };
    const Vector input_gate = kept(input);
    const Vector forget_gate = kept(forget);
    const Vector new_value = kept(candidate);
    const Vector output_gate = kept(output);
    const auto z_of = [&](int gate, Vector value) {
      return z == nullptr ? value : load_first(z + gate * units + u, count);
    };
    // h = o c / n. Lanes behind the last unit are 0 / 0, and go nowhere.
    const Vector dh = load_first(d_hidden + u, count);
    const Vector total = state(normalizer, t + 1);
    const Vector ratio = hn::Div(state(cell, t + 1), total);
    const Vector d_ratio = hn::Div(hn::Mul(dh, output_gate), total);
    const Vector dc = hn::Add(load_first(d_cells[cell] + u, count), d_ratio);
    const Vector dn = hn::NegMulAdd(d_ratio, ratio, load_first(d_cells[normalizer] + u, count));
    // By way of the exponents, and by m to the larger of them, whose gate is 1.
    const Vector d_input = hn::Mul(input_gate, hn::MulAdd(dc, new_value, dn));
    const Vector d_forget =
        hn::Mul(forget_gate, hn::MulAdd(dc, state(cell, t), hn::Mul(dn, state(normalizer, t))));
    const Vector rest =
        hn::Sub(hn::Sub(load_first(d_cells[stabilizer] + u, count), d_input), d_forget);
    const auto input_wins = hn::Eq(input_gate, hn::Set(tag, 1.0F));
    const Vector d_log_forget = hn::Add(d_forget, hn::IfThenElse(input_wins, zero, rest));
    const Vector dz_input = hn::Add(d_input, hn::IfThenElse(input_wins, rest, zero));
    const Vector dz_candidate =
        hn::Mul(hn::Mul(dc, input_gate), pair.inner_slope(z_of(candidate, new_value), new_value));
    const Vector dz_output =
        hn::Mul(hn::Mul(dh, ratio), pair.gate_slope(z_of(output, output_gate), output_gate));
    store_first(dz_input, tape + input * units + u, count);
    store_first(hn::Mul(d_log_forget, kept(slope)), tape + forget * units + u, count);
    store_first(dz_candidate, tape + candidate * units + u, count);
    store_first(dz_output, tape + output * units + u, count);
    store_first(hn::Mul(dc, forget_gate), d_cells[cell] + u, count);
    store_first(hn::Mul(dn, forget_gate), d_cells[normalizer] + u, count);
    store_first(d_log_forget, d_cells[stabilizer] + u, count);
    store_first(zero, d_hidden + u, count);
  }
}

// d_hidden += d_gates R^T for some units, from the beginning of a panel of their head on.
HWY_INLINE void heads_gradient(const Run& run, const Gradient& gradient, const Packed& packed,
                               std::int64_t t, const ActiveRows& active, Range units) {
  const std::int64_t row_scratch = dropout_scratch(run, gates);
  const bool drops = run.recurrent_dropout != nullptr;
  const std::int64_t head = head_units(run);
  const float* from[group_rows];
  float* to[group_rows];
  for (std::int64_t i = units.begin / head; i < pieces_of(units.end, head); ++i) {
    const Range own = units_of_head(run, i);
    const Range some = common(own, units);
    const float* panels =
        packed.recurrent_back + i * packed.head_back + (some.begin - own.begin) * gates * head;
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      for (std::int64_t row = 0; row < active.count; ++row) {
        const std::int64_t n = active.index[row];
        from[row] = tape_at(run, run.tape, blocks, t, n) + gate * run.units + own.begin;
        to[row] =
            (drops ? run.scratch + n * row_scratch : gradient.hidden + n * run.units) + some.begin;
      }
      rows_times_panels(active.count, from, head, panels, gates * head, gate * head, some.size(),
                        drops ? TileStart::zero : TileStart::output, to);
      for (std::int64_t row = 0; drops && row < active.count; ++row) {
        const std::int64_t n = active.index[row];
        add_dropped(to[row], run.recurrent_dropout + (gate * run.rows + n) * run.units + some.begin,
                    some.size(), gradient.hidden + n * run.units + some.begin);
      }
    }
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
    if (run.heads > 1) return heads_gradient(run, gradient, packed, t, active, units);
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
  for (std::int64_t head = 0; head < run.heads; ++head) {
    const Range own = units_of_head(run, head);
    const Range units = common(cut.units, own);
    if (units.size() == 0) continue;
    float* matrix = gradient.recurrent_kernel - own.begin * gates * run.units;
    add_weight_gradient(run, {blocks, all_parts, gates, gates, matrix, nullptr}, HiddenLeft{run},
                        common(cut.hidden, own), units, workspace);
  }
}

// A share's units begin at a panel, which with heads must be one of its head.
bool SharesUnits(const Run& run) {
  return has_no_dropout(run) && (run.heads == 1 || head_units(run) % panel_columns == 0);
}

const CellKernels<float>& Kernels() {
  static constexpr CellKernels<float> kernels{
      .gate_blocks = gates,
      .tape_blocks = blocks,
      .cells = cells,
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

}  // namespace slstm_cell

const CellKernels<float>& SlstmKernels() { return slstm_cell::Kernels(); }

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(SlstmKernels);

template <>
const CellKernels<float>& slstm<float>() {
  return CHRONICLER_DISPATCH(SlstmKernels)();
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
