// The fast joined products: the contract is kernels/joined_products.h.
#include "kernels/joined_products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/joined_products.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/tile-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

using Output = JoinedOutput<float>;

// The vectors of all matrices one after the other, those of a matrix first: as many together as a
// tile takes. [tile][K][vectors of the tile][lanes]
HWY_INLINE std::int64_t vectors_of(std::int64_t n) { return pieces_of(n, lanes); }

std::int64_t JoinedSize(std::int64_t count, std::int64_t k, std::int64_t n) {
  return count * vectors_of(n) * k * lanes;
}

void PackJoined(std::int64_t count, std::int64_t k, std::int64_t n, const float* const* b,
                std::int64_t ldb, float* packed) {
  const std::int64_t of_each = vectors_of(n);
  const std::int64_t all = count * of_each;
  for (std::int64_t begin = 0; begin < all; begin += tile_vectors) {
    const std::int64_t vectors = smaller(tile_vectors, all - begin);
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t v = begin; v < begin + vectors; ++v) {
        const std::int64_t column = v % of_each * lanes;
        const float* from = b[v / of_each] + i * ldb + column;
        hn::StoreU(load_first(from, n - column), tag, packed);
        packed += lanes;
      }
    }
  }
}

// Where a vector of a tile goes.
struct Goal {
  float* to;
  const float* row;  // null: not from a row
  bool accumulates;
  std::int64_t count;
};

template <int Rows, int Vectors>
HWY_NOINLINE void joined_tile(const Term& term, const Goal* goals, std::int64_t ldc) {
  Vector acc[Rows][Vectors];
  CHRONICLER_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    const Goal& goal = goals[v];
    const Vector row = goal.row == nullptr ? hn::Zero(tag) : load_first(goal.row, goal.count);
    CHRONICLER_UNROLL
    for (int i = 0; i < Rows; ++i)
      acc[i][v] = goal.accumulates ? load_first(goal.to + i * ldc, goal.count) : row;
  }
  add_term<Rows, Vectors, Vectors, Vectors - 1>(term, acc);
  CHRONICLER_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    CHRONICLER_UNROLL
    for (int i = 0; i < Rows; ++i) store_first(acc[i][v], goals[v].to + i * ldc, goals[v].count);
  }
}

template <int Vectors>
HWY_INLINE void joined_rows(int rows, const Term& term, const Goal* goals, std::int64_t ldc) {
  switch (rows) {
    case 1:
      return joined_tile<1, Vectors>(term, goals, ldc);
    case 2:
      return joined_tile<2, Vectors>(term, goals, ldc);
    case 3:
      return joined_tile<3, Vectors>(term, goals, ldc);
    case 4:
      return joined_tile<4, Vectors>(term, goals, ldc);
    case 5:
      return joined_tile<5, Vectors>(term, goals, ldc);
    default:
      return joined_tile<6, Vectors>(term, goals, ldc);
  }
}

HWY_INLINE void joined_product(std::int64_t vectors, int rows, const Term& term, const Goal* goals,
                               std::int64_t ldc) {
  switch (vectors) {
    case 1:
      return joined_rows<1>(rows, term, goals, ldc);
    case 2:
      return joined_rows<2>(rows, term, goals, ldc);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
    case 3:
      return joined_rows<3>(rows, term, goals, ldc);
    default:
      return joined_rows<4>(rows, term, goals, ldc);
#else
    default:
      return;
#endif
  }
}

void GemmJoined(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                std::int64_t lda, const float* packed, const Output* outputs, std::int64_t ldc) {
  const std::int64_t of_each = vectors_of(n);
  const std::int64_t all = count * of_each;
  for (std::int64_t begin = 0; begin < all; begin += tile_vectors) {
    const std::int64_t vectors = smaller(tile_vectors, all - begin);
    const float* panel = packed + begin * k * lanes;
    for (std::int64_t row = 0; row < m;) {
      const int rows = next_tile(m - row);
      Goal goals[tile_vectors];
      for (std::int64_t v = 0; v < vectors; ++v) {
        const Output& output = outputs[(begin + v) / of_each];
        const std::int64_t column = (begin + v) % of_each * lanes;
        goals[v] = {output.to + row * ldc + column,
                    output.start == Start::row ? output.row + column : nullptr,
                    output.start == Start::accumulate, smaller(lanes, n - column)};
      }
      const float* a_rows[tile_rows];
      for (int i = 0; i < rows; ++i) a_rows[i] = a + (row + i) * lda;
      joined_product(vectors, rows, {a_rows, k, panel, vectors * lanes}, goals, ldc);
      row += rows;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(JoinedSize);
CHRONICLER_EXPORT(PackJoined);
CHRONICLER_EXPORT(GemmJoined);

template <>
std::int64_t joined_size<float>(std::int64_t count, std::int64_t k, std::int64_t n) {
  return CHRONICLER_DISPATCH(JoinedSize)(count, k, n);
}

template <>
void pack_joined<float>(std::int64_t count, std::int64_t k, std::int64_t n, const float* const* b,
                        std::int64_t ldb, float* packed) {
  CHRONICLER_DISPATCH(PackJoined)(count, k, n, b, ldb, packed);
}

template <>
void gemm_joined<float>(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k,
                        const float* a, std::int64_t lda, const float* packed,
                        const JoinedOutput<float>* outputs, std::int64_t ldc) {
  CHRONICLER_DISPATCH(GemmJoined)(count, m, n, k, a, lda, packed, outputs, ldc);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
