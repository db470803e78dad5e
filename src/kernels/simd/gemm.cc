// The fast matrix products: the contract is kernels/gemm.h.
#include "kernels/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gemm.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/outer-inl.h"
#include "kernels/simd/tile-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE TileStart tile_start(Start start) {
  switch (start) {
    case Start::accumulate:
      return TileStart::output;
    case Start::zero:
      return TileStart::zero;
    case Start::row:
      break;
  }
  return TileStart::row;
}

// One panel of columns of C: all rows, tile by tile.
HWY_INLINE void gemm_panel(std::int64_t m, std::int64_t columns, std::int64_t k, const float* a,
                           std::int64_t lda, const float* panel, std::int64_t panel_stride,
                           float* c, std::int64_t ldc, TileStart start, const float* bias) {
  for (std::int64_t row = 0; row < m;) {
    const int rows = next_tile(m - row);
    const float* a_rows[tile_rows];
    float* c_rows[tile_rows];
    for (int i = 0; i < rows; ++i) {
      a_rows[i] = a + (row + i) * lda;
      c_rows[i] = c + (row + i) * ldc;
    }
    product(rows, columns, {a_rows, k, panel, panel_stride}, {}, start, bias, c_rows);
    row += rows;
  }
}

void Gemm(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
          const float* b, std::int64_t ldb, float* c, std::int64_t ldc, Start start,
          const float* bias) {
  const std::int64_t whole = n / lanes * lanes;
  for (std::int64_t column = 0; column < whole; column += panel_columns) {
    gemm_panel(m, smaller(panel_columns, whole - column), k, a, lda, b + column, ldb, c + column,
               ldc, tile_start(start), bias + column);
  }
  if (whole == n) return;
  // The last columns are less than a vector: they pass through memory that may be read beyond them.
  constexpr std::int64_t depth = 256;
  HWY_ALIGN float tail[depth * lanes];
  TileStart begin = tile_start(start);
  std::int64_t at = 0;
  do {
    const std::int64_t size = smaller(depth, k - at);
    for (std::int64_t i = 0; i < size; ++i) {
      hn::StoreU(load_first(b + (at + i) * ldb + whole, n - whole), tag, tail + i * lanes);
    }
    gemm_panel(m, n - whole, size, a + at, lda, tail, lanes, c + whole, ldc, begin, bias + whole);
    begin = TileStart::output;
    at += size;
  } while (at < k);
}

std::int64_t PackedSize(std::int64_t k, std::int64_t n) { return packed_panels_size(k, n); }

void Pack(std::int64_t k, std::int64_t n, const float* b, std::int64_t ldb, bool transposed,
          float* packed) {
  pack_panels(k, n, b, ldb, transposed, packed);
}

void GemmPacked(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
                const float* packed, float* c, std::int64_t ldc, Start start, const float* bias) {
  for (std::int64_t column = 0; column < n; column += panel_columns) {
    gemm_panel(m, smaller(panel_columns, n - column), k, a, lda, packed + column * k, panel_columns,
               c + column, ldc, tile_start(start), bias + column);
  }
}

// The sixteen chains of gemv, in vectors.
inline constexpr std::int64_t chains = 16;
inline constexpr std::int64_t chain_vectors = chains / lanes;
static_assert(chains % lanes == 0);

// Number i of the lower half with number i of the upper one, and so on.
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE float sum_of_halves(Tag, Vector number) { return hn::GetLane(number); }
#else
template <class D>
HWY_INLINE float sum_of_halves(D d, hn::Vec<D> numbers) {
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::GetLane(numbers);
  } else {
    const hn::Half<D> half;
    return sum_of_halves(half, hn::Add(hn::LowerHalf(half, numbers), hn::UpperHalf(half, numbers)));
  }
}
#endif

HWY_INLINE float sum_of_chains(Vector (&sums)[chain_vectors]) {
  CHRONICLER_UNROLL
  for (std::int64_t half = chain_vectors / 2; half > 0; half /= 2) {
    CHRONICLER_UNROLL
    for (std::int64_t v = 0; v < half; ++v) sums[v] = hn::Add(sums[v], sums[v + half]);
  }
  return sum_of_halves(tag, sums[0]);
}

void Gemv(std::int64_t m, std::int64_t k, const float* a, std::int64_t lda, const float* x,
          float start, float* y) {
  for (std::int64_t row = 0; row < m; ++row) {
    const float* numbers = a + row * lda;
    Vector sums[chain_vectors];
    CHRONICLER_UNROLL
    for (std::int64_t v = 0; v < chain_vectors; ++v) sums[v] = hn::Zero(tag);
    std::int64_t i = 0;
    for (; i + chains <= k; i += chains) {
      CHRONICLER_UNROLL
      for (std::int64_t v = 0; v < chain_vectors; ++v) {
        sums[v] = hn::MulAdd(hn::LoadU(tag, numbers + i + v * lanes),
                             hn::LoadU(tag, x + i + v * lanes), sums[v]);
      }
    }
    CHRONICLER_UNROLL
    for (std::int64_t v = 0; v < chain_vectors; ++v) {
      const std::int64_t at = i + v * lanes;
      if (at >= k) break;
      sums[v] = hn::MulAdd(load_first(numbers + at, k - at), load_first(x + at, k - at), sums[v]);
    }
    y[row] = start + sum_of_chains(sums);
  }
}

void GemmOuter(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
               const float* b, std::int64_t ldb, float* c, std::int64_t ldc) {
  HWY_ALIGN float right[tile_vectors * outer_depth * lanes];
  const float* a_rows[outer_depth];
  const float* b_rows[outer_depth];
  for (std::int64_t at = 0; at < k; at += outer_depth) {
    const std::int64_t depth = smaller(outer_depth, k - at);
    for (std::int64_t i = 0; i < depth; ++i) {
      a_rows[i] = a + (at + i) * lda;
      b_rows[i] = b + (at + i) * ldb;
    }
    for (std::int64_t column = 0; column < n; column += panel_columns) {
      OuterColumn columns[tile_vectors];
      std::int64_t count = 0;
      for (; count < tile_vectors && column + count * lanes < n; ++count) {
        const std::int64_t begin = column + count * lanes;
        columns[count] = {begin, begin, smaller(lanes, n - begin)};
      }
      pack_right(b_rows, columns, count, depth, right);
      outer_product(m, depth, RowsLeft{a_rows, 0}, right, c, ldc, columns, count);
    }
  }
}

void AddRows(std::int64_t n, std::int64_t k, const float* b, std::int64_t ldb, float* c) {
  for (std::int64_t column = 0; column < n; column += lanes) {
    const std::int64_t count = n - column;
    Vector sum = load_first(c + column, count);
    for (std::int64_t i = 0; i < k; ++i) {
      sum = hn::Add(sum, load_first(b + i * ldb + column, count));
    }
    store_first(sum, c + column, count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(Gemm);
CHRONICLER_EXPORT(PackedSize);
CHRONICLER_EXPORT(Pack);
CHRONICLER_EXPORT(GemmPacked);
CHRONICLER_EXPORT(Gemv);
CHRONICLER_EXPORT(GemmOuter);
CHRONICLER_EXPORT(AddRows);

template <>
void gemm<float>(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
                 const float* b, std::int64_t ldb, float* c, std::int64_t ldc, Start start,
                 const float* bias) {
  CHRONICLER_DISPATCH(Gemm)(m, n, k, a, lda, b, ldb, c, ldc, start, bias);
}

template <>
std::int64_t packed_size<float>(std::int64_t k, std::int64_t n) {
  return CHRONICLER_DISPATCH(PackedSize)(k, n);
}

template <>
void pack<float>(std::int64_t k, std::int64_t n, const float* b, std::int64_t ldb, bool transposed,
                 float* packed) {
  CHRONICLER_DISPATCH(Pack)(k, n, b, ldb, transposed, packed);
}

template <>
void gemm_packed<float>(std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                        std::int64_t lda, const float* packed, float* c, std::int64_t ldc,
                        Start start, const float* bias) {
  CHRONICLER_DISPATCH(GemmPacked)(m, n, k, a, lda, packed, c, ldc, start, bias);
}

template <>
void gemv<float>(std::int64_t m, std::int64_t k, const float* a, std::int64_t lda, const float* x,
                 float start, float* y) {
  CHRONICLER_DISPATCH(Gemv)(m, k, a, lda, x, start, y);
}

template <>
void gemm_outer<float>(std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                       std::int64_t lda, const float* b, std::int64_t ldb, float* c,
                       std::int64_t ldc) {
  CHRONICLER_DISPATCH(GemmOuter)(m, n, k, a, lda, b, ldb, c, ldc);
}

template <>
void add_rows<float>(std::int64_t n, std::int64_t k, const float* b, std::int64_t ldb, float* c) {
  CHRONICLER_DISPATCH(AddRows)(n, k, b, ldb, c);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
