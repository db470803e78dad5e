// One step of one sequence: the contract is kernels/step.h.
#include "kernels/step.h"

#include <bit>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/step.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/activation-inl.h"
#include "kernels/simd/cells-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// Sums that are kept in registers together: a row needs many chains to hide the latency of an
// addition.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
inline constexpr int step_vectors = 16;
#else
inline constexpr int step_vectors = 8;
#endif

// Blocks of units of a gated cell that are summed, and updated, together. Four vectors of 16
// numbers keep a processor busy that multiplies one in a cycle, and leave the group small: what the
// first-level cache still holds of the step before is a larger share.
inline constexpr int cell_sums = 4;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
inline constexpr int cell_blocks = 1;
#else
inline constexpr int cell_blocks = step_vectors / cell_sums;
#endif

HWY_INLINE std::int64_t group_size(const StepProduct& product, std::int64_t vector) {
  return smaller(product.group, product.columns / lanes - vector);
}

std::int64_t StepGroup(std::int64_t sums) {
  return sums == cell_sums ? cell_blocks * cell_sums : step_vectors;
}

std::int64_t StepLanes() { return lanes; }

HWY_INLINE float weight_at(const StepMatrix& matrix, std::int64_t k, std::int64_t column) {
  const std::int64_t place = matrix.columns[column];
  const HeadRows& heads = matrix.heads;
  if (heads.rows != 0) {  // row k of all hidden states
    if (place < 0 || k / heads.head != place % heads.units / heads.head) return 0.0F;
    return matrix.data[k % heads.head * matrix.ld + place];
  }
  return place < 0 ? 0.0F : matrix.data[k * matrix.ld + place];
}

// Two vectors of bfloat16 lie in one vector of 32 bits, the first in the low halves.
using HalvesTag = hn::RebindToUnsigned<Tag>;
using Halves = hn::Vec<HalvesTag>;
inline constexpr HalvesTag halves_tag{};

HWY_INLINE std::int64_t row_size(const StepProduct& product, std::int64_t vectors) {
  return (product.halves ? pieces_of(vectors, 2) : vectors) * lanes;
}

HWY_INLINE void pack_row(const StepMatrix& matrix, std::int64_t k, std::int64_t vector,
                         std::int64_t vectors, float* packed) {
  for (std::int64_t i = 0; i < vectors * lanes; ++i) {
    packed[i] = weight_at(matrix, k, vector * lanes + i);
  }
}

HWY_INLINE void pack_row_of_halves(const StepMatrix& matrix, std::int64_t k, std::int64_t vector,
                                   std::int64_t vectors, float* packed) {
  for (std::int64_t pair = 0; pair < vectors; pair += 2) {
    for (std::int64_t i = 0; i < lanes; ++i) {
      const std::int64_t column = (vector + pair) * lanes + i;
      const float low = weight_at(matrix, k, column);
      const float high = pair + 1 < vectors ? weight_at(matrix, k, column + lanes) : 0.0F;
      const std::uint32_t both = std::bit_cast<std::uint32_t>(rounded_to_bfloat16(low)) >> 16 |
                                 std::bit_cast<std::uint32_t>(rounded_to_bfloat16(high));
      *packed++ = std::bit_cast<float>(both);
    }
  }
}

// [group][k of a, then k of b][vector][lanes].
void PackStepProduct(const StepProduct& product, const StepMatrix& a, const StepMatrix& b,
                     float* packed) {
  for (std::int64_t vector = 0; vector < product.columns / lanes; vector += product.group) {
    const std::int64_t vectors = group_size(product, vector);
    for (std::int64_t k = 0; k < product.a_size + product.b_size; ++k) {
      const StepMatrix& matrix = k < product.a_size ? a : b;
      std::int64_t row = k < product.a_size ? k : k - product.a_size;
      if (matrix.heads.rows != 0) row += matrix.heads.begin(vector / cell_sums * lanes);
      if (product.halves) {
        pack_row_of_halves(matrix, row, vector, vectors, packed);
      } else {
        pack_row(matrix, row, vector, vectors, packed);
      }
      packed += row_size(product, vectors);
    }
  }
}

// sums += row times the panel's rows of weights. Returns what follows the panel.
struct WholeWeights {
  template <int Vectors>
  static HWY_INLINE const float* add_row(std::int64_t size, const float* row,
                                         const float* HWY_RESTRICT panel, Vector (&sums)[Vectors]) {
    for (std::int64_t k = 0; k < size; ++k) {
      const Vector factor = hn::Set(tag, row[k]);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        sums[v] = hn::MulAdd(factor, hn::LoadU(tag, panel + v * lanes), sums[v]);
      }
      panel += Vectors * lanes;
    }
    return panel;
  }
};
struct HalvedWeights {
  template <int Vectors>
  static HWY_INLINE const float* add_row(std::int64_t size, const float* row,
                                         const float* HWY_RESTRICT panel, Vector (&sums)[Vectors]) {
    const Halves high = hn::Set(halves_tag, 0xFFFF0000U);
    for (std::int64_t k = 0; k < size; ++k) {
      const Vector factor = hn::Set(tag, row[k]);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; v += 2) {
        const Halves both = hn::BitCast(halves_tag, hn::LoadU(tag, panel));
        const Vector first = hn::BitCast(tag, hn::ShiftLeft<16>(both));
        sums[v] = hn::MulAdd(factor, first, sums[v]);
        if (v + 1 < Vectors) {
          sums[v + 1] = hn::MulAdd(factor, hn::BitCast(tag, hn::And(both, high)), sums[v + 1]);
        }
        panel += lanes;
      }
    }
    return panel;
  }
};

template <class Weights, int Vectors>
HWY_INLINE const float* add_rows(const StepProduct& product, const float* a, const float* b,
                                 const float* bias, const float* panel, Vector (&sums)[Vectors]) {
  CHRONICLER_UNROLL
  for (int v = 0; v < Vectors; ++v) sums[v] = hn::LoadU(tag, bias + v * lanes);
  panel = Weights::add_row(product.a_size, a, panel, sums);
  return Weights::add_row(product.b_size, b, panel, sums);
}

template <class Weights, int Vectors>
HWY_NOINLINE const float* sum_group(const StepProduct& product, const float* a, const float* b,
                                    const float* bias, const float* panel, float* out) {
  Vector sums[Vectors];
  panel = add_rows<Weights>(product, a, b, bias, panel, sums);
  CHRONICLER_UNROLL
  for (int v = 0; v < Vectors; ++v) hn::StoreU(sums[v], tag, out + v * lanes);
  return panel;
}

template <class Weights, int Vectors>
HWY_INLINE const float* sum_group_of(std::int64_t vectors, const StepProduct& product,
                                     const float* a, const float* b, const float* bias,
                                     const float* panel, float* out) {
  if (vectors == Vectors) return sum_group<Weights, Vectors>(product, a, b, bias, panel, out);
  if constexpr (Vectors > 1)
    return sum_group_of<Weights, Vectors - 1>(vectors, product, a, b, bias, panel, out);
  return panel;
}

template <class Weights>
HWY_INLINE void run_product(const StepProduct& product, const float* a, const float* b,
                            float* out) {
  const float* panel = product.packed;
  for (std::int64_t vector = 0; vector < product.columns / lanes; vector += product.group) {
    panel = sum_group_of<Weights, step_vectors>(group_size(product, vector), product, a, b,
                                                product.bias + vector * lanes, panel,
                                                out + vector * lanes);
  }
}

void RunStepProduct(const StepProduct& product, const float* a, const float* b, float* out) {
  if (product.halves) return run_product<HalvedWeights>(product, a, b, out);
  run_product<WholeWeights>(product, a, b, out);
}

HWY_INLINE bool is_usual(const StepCell& run) {
  return run.activation == Activation::tanh && run.recurrent_activation == Activation::sigmoid;
}

// The update of one block, unit `at` on, from its sums; hidden values go to `next`.
struct LstmBlock {
  template <class Pair>
  static HWY_INLINE void update(const Pair& pair, const StepCell& run, const Vector* sums,
                                std::int64_t at, float* next) {
    const LstmUnits units(pair, sums[0], sums[1], sums[2], sums[3], hn::LoadU(tag, run.cell + at));
    hn::StoreU(units.cell, tag, run.cell + at);
    hn::StoreU(units.hidden, tag, next + at);
  }
};
struct SlstmBlock {
  template <class Pair>
  static HWY_INLINE void update(const Pair& pair, const StepCell& run, const Vector* sums,
                                std::int64_t at, float* next) {
    float* cell = run.cell + at;
    float* normalizer = cell + run.cell_stride;
    float* stabilizer = normalizer + run.cell_stride;
    const SlstmUnits units(pair, run.exponential_forget, sums[0], sums[1], sums[2], sums[3],
                           hn::LoadU(tag, cell), hn::LoadU(tag, normalizer),
                           hn::LoadU(tag, stabilizer));
    hn::StoreU(units.cell, tag, cell);
    hn::StoreU(units.normalizer, tag, normalizer);
    hn::StoreU(units.gates.stabilizer, tag, stabilizer);
    hn::StoreU(units.hidden, tag, next + at);
  }
};
struct GruBlock {
  template <class Pair>
  static HWY_INLINE void update(const Pair& pair, const StepCell& run, const Vector* sums,
                                std::int64_t at, float* next) {
    const Vector before = hn::LoadU(tag, run.hidden + at);
    const GruUnits units(pair, sums[0], sums[1], sums[2], sums[3], before);
    hn::StoreU(units.hidden, tag, next + at);
  }
};

// What a gated step is made of, known when compiling.
template <class CellOf, class PairOf, class WeightsOf>
struct StepParts {
  using Cell = CellOf;
  using Pair = PairOf;
  using Weights = WeightsOf;
};

template <class Parts, int Blocks>
HWY_INLINE void step_blocks(std::int64_t blocks, const StepCell& run, const float* x,
                            std::int64_t block, float* next) {
  if constexpr (Blocks > 1) {
    if (blocks < Blocks) return step_blocks<Parts, Blocks - 1>(blocks, run, x, block, next);
  }
  const StepProduct& product = run.product;
  const std::int64_t vector = block * cell_sums;
  const std::int64_t rows = product.a_size + product.b_size;
  const float* bias = product.bias + vector * lanes;
  const float* panel = product.packed + row_size(product, vector) * rows;
  const float* hidden = run.hidden;
  if constexpr (std::is_same_v<typename Parts::Cell, SlstmBlock>) {
    if (product.heads.rows != 0) hidden += product.heads.begin(block * lanes);
  }
  Vector sums[cell_sums * Blocks];
  if constexpr (std::is_same_v<typename Parts::Pair, Usual>) {
    add_rows<typename Parts::Weights>(product, x, hidden, bias, panel, sums);
  } else {
    // Other activations may be calls, over which no sum stays in a register.
    HWY_ALIGN float memory[cell_sums * Blocks * lanes];
    sum_group<typename Parts::Weights, cell_sums * Blocks>(product, x, hidden, bias, panel, memory);
    CHRONICLER_UNROLL
    for (int v = 0; v < cell_sums * Blocks; ++v) sums[v] = hn::LoadU(tag, memory + v * lanes);
  }
  const typename Parts::Pair pair(run.activation, run.recurrent_activation);
  CHRONICLER_UNROLL
  for (int i = 0; i < Blocks; ++i) {
    Parts::Cell::update(pair, run, sums + cell_sums * i, (block + i) * lanes, next);
  }
}

// Group by group, so that one's activations run beside the next one's products. New hidden values
// wait until all groups have read the old ones. Every other step begins with the last group, whose
// weights have just been read. Not inlined: each kind of step saves only the registers that it
// needs, which is a fiftieth of a step of 8 units.
template <class Parts>
HWY_NOINLINE void step_cell(StepCell& run, const float* x) {
  const std::int64_t blocks = pieces_of(run.units, lanes);
  if (blocks <= cell_blocks) {
    return step_blocks<Parts, cell_blocks>(blocks, run, x, 0, run.hidden);
  }
  const std::int64_t groups = pieces_of(blocks, cell_blocks);
  for (std::int64_t i = 0; i < groups; ++i) {
    const std::int64_t block = (run.from_the_end ? groups - 1 - i : i) * cell_blocks;
    step_blocks<Parts, cell_blocks>(smaller(cell_blocks, blocks - block), run, x, block, run.sums);
  }
  run.from_the_end = !run.from_the_end;
  for (std::int64_t u = 0; u < run.units; u += lanes) {
    hn::StoreU(hn::LoadU(tag, run.sums + u), tag, run.hidden + u);
  }
}

template <class Cell, class Pair>
HWY_INLINE void step_cell_with(StepCell& run, const float* x) {
  if (run.product.halves) return step_cell<StepParts<Cell, Pair, HalvedWeights>>(run, x);
  step_cell<StepParts<Cell, Pair, WholeWeights>>(run, x);
}

void LstmStepAny(StepCell& run, const float* x) {
  if (is_usual(run)) return step_cell_with<LstmBlock, Usual>(run, x);
  step_cell_with<LstmBlock, AnyPair>(run, x);
}

void GruStepAny(StepCell& run, const float* x) {
  if (is_usual(run)) return step_cell_with<GruBlock, Usual>(run, x);
  step_cell_with<GruBlock, AnyPair>(run, x);
}

void SlstmStepAny(StepCell& run, const float* x) {
  if (is_usual(run)) return step_cell_with<SlstmBlock, Usual>(run, x);
  step_cell_with<SlstmBlock, AnyPair>(run, x);
}

void SimpleRnnStepAny(StepCell& run, const float* x) {
  RunStepProduct(run.product, x, run.hidden, run.sums);
  for (std::int64_t u = 0; u < run.units; u += lanes) {
    hn::StoreU(activated(run.activation, hn::LoadU(tag, run.sums + u)), tag, run.hidden + u);
  }
}

CellStep LstmStep() { return LstmStepAny; }
CellStep GruStep() { return GruStepAny; }
CellStep SlstmStep() { return SlstmStepAny; }
CellStep SimpleRnnStep() { return SimpleRnnStepAny; }

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(StepLanes);
CHRONICLER_EXPORT(StepGroup);
CHRONICLER_EXPORT(PackStepProduct);
CHRONICLER_EXPORT(RunStepProduct);
CHRONICLER_EXPORT(LstmStep);
CHRONICLER_EXPORT(GruStep);
CHRONICLER_EXPORT(SlstmStep);
CHRONICLER_EXPORT(SimpleRnnStep);

// At most so many numbers are better off with narrow vectors: half of a wide one would be idle.
constexpr std::int64_t narrow_lanes = 8;

std::int64_t step_lanes(std::int64_t size) {
  return size <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(StepLanes)()
                              : CHRONICLER_DISPATCH(StepLanes)();
}
std::int64_t step_group(std::int64_t lanes, std::int64_t sums) {
  return lanes <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(StepGroup)(sums)
                               : CHRONICLER_DISPATCH(StepGroup)(sums);
}
std::int64_t step_product_size(const StepProduct& product) {
  return (product.a_size + product.b_size) * product.columns;  // of halves: more than enough
}
float rounded_to_bfloat16(float x) {
  auto bits = std::bit_cast<std::uint32_t>(x);
  const bool is_number = x == x;
  if (is_number) bits += 0x7FFFU + (bits >> 16 & 1U);
  bits &= 0xFFFF0000U;
  if (!is_number) bits |= 0x00400000U;
  return std::bit_cast<float>(bits);
}
void pack_step_product(const StepProduct& product, const StepMatrix& a, const StepMatrix& b,
                       float* packed) {
  if (product.lanes <= narrow_lanes) {
    CHRONICLER_DISPATCH_NARROW(PackStepProduct)(product, a, b, packed);
  } else {
    CHRONICLER_DISPATCH(PackStepProduct)(product, a, b, packed);
  }
}
void run_step_product(const StepProduct& product, const float* a, const float* b, float* out) {
  if (product.lanes <= narrow_lanes) {
    CHRONICLER_DISPATCH_NARROW(RunStepProduct)(product, a, b, out);
  } else {
    CHRONICLER_DISPATCH(RunStepProduct)(product, a, b, out);
  }
}
CellStep lstm_step(std::int64_t lanes) {
  return lanes <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(LstmStep)()
                               : CHRONICLER_DISPATCH(LstmStep)();
}
CellStep gru_step(std::int64_t lanes) {
  return lanes <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(GruStep)()
                               : CHRONICLER_DISPATCH(GruStep)();
}
CellStep slstm_step(std::int64_t lanes) {
  return lanes <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(SlstmStep)()
                               : CHRONICLER_DISPATCH(SlstmStep)();
}
CellStep simple_rnn_step(std::int64_t lanes) {
  return lanes <= narrow_lanes ? CHRONICLER_DISPATCH_NARROW(SimpleRnnStep)()
                               : CHRONICLER_DISPATCH(SimpleRnnStep)();
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
