// The tile that all matrix products are made of: up to six rows times a panel, sums kept in
// registers.
//
// A panel is a block of columns, one row of V or more numbers for each k. Every sum is one chain of
// fused multiply-adds in the order of k, from its start, so tiles of any shape give the same bits.
#if defined(CHRONICLER_KERNELS_SIMD_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_TILE_INL_H_
#undef CHRONICLER_KERNELS_SIMD_TILE_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_TILE_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// One term of a tile's sums: rows times a panel. `rows` are pointers to the numbers of each row (K
// of them). gate_stride is 0 if all vectors of a panel meet the same numbers, or the distance from
// what the first vector meets to what the next one does (a dropout factor of its own for each
// gate).
struct Term {
  const float* const* rows = nullptr;
  std::int64_t k = 0;
  const float* panel = nullptr;
  std::int64_t panel_stride = 0;
  std::int64_t gate_stride = 0;
  std::int64_t first_gate = 0;
};

// acc[row][v] += sum_k rows[row][k] panel[k][v], the last vector of the panel into acc[row][Last].
template <int Rows, int Vectors, int Sums, int Last>
HWY_INLINE void accumulate(const Term& term, Vector (&acc)[Rows][Sums]) {
  const float* rows[Rows];
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) rows[row] = term.rows[row];
  const float* HWY_RESTRICT panel = term.panel;
  const std::int64_t stride = term.panel_stride;
  const std::int64_t k_end = term.k;
  CHRONICLER_UNROLL_K
  for (std::int64_t k = 0; k < k_end; ++k) {
    Vector column[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) column[v] = hn::LoadU(tag, panel + v * lanes);
    panel += stride;
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      const Vector factor = hn::Set(tag, rows[row][k]);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        Vector& sum = acc[row][v == Vectors - 1 ? Last : v];
        sum = hn::MulAdd(factor, column[v], sum);
      }
    }
  }
}

// The same where each vector meets numbers of its own.
template <int Rows, int Vectors, int Sums, int Last>
HWY_INLINE void accumulate_by_gate(const Term& term, Vector (&acc)[Rows][Sums]) {
  const float* HWY_RESTRICT panel = term.panel;
  for (std::int64_t k = 0; k < term.k; ++k) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Vector column = hn::LoadU(tag, panel + v * lanes);
      CHRONICLER_UNROLL
      for (int row = 0; row < Rows; ++row) {
        Vector& sum = acc[row][v == Vectors - 1 ? Last : v];
        sum = hn::MulAdd(hn::Set(tag, term.rows[row][(term.first_gate + v) * term.gate_stride + k]),
                         column, sum);
      }
    }
    panel += term.panel_stride;
  }
}

template <int Rows, int Vectors, int Sums, int Last>
HWY_INLINE void add_term(const Term& term, Vector (&acc)[Rows][Sums]) {
  if (term.k == 0) return;
  if (HWY_LIKELY(term.gate_stride == 0)) {
    accumulate<Rows, Vectors, Sums, Last>(term, acc);
  } else {
    accumulate_by_gate<Rows, Vectors, Sums, Last>(term, acc);
  }
}

// The term of a panel's vectors from the one numbered `vector`; `rows` then start at what that one
// meets.
HWY_INLINE Term from_vector(Term term, int vector) {
  term.panel += vector * lanes;
  term.first_gate += vector;
  return term;
}

// Whole numbers that add up to `rows`, at most tile_rows each and as equal as may be: the next one.
HWY_INLINE int next_tile(std::int64_t rows_left) {
  const std::int64_t tiles = pieces_of(rows_left, tile_rows);
  return static_cast<int>(pieces_of(rows_left, tiles));
}

// Where a product's sums start.
enum class TileStart { zero, row, output };

// out[row][v] = start + first term + second term, for Vectors vectors of which the last has
// `last_lanes` numbers.
template <int Rows, int Vectors>
HWY_INLINE void product_tile(const Term& first, const Term& second, TileStart start,
                             const float* row_start, float* const* out, std::int64_t last_lanes) {
  Vector acc[Rows][Vectors];
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const std::int64_t count = v == Vectors - 1 ? last_lanes : lanes;
      if (start == TileStart::zero) {
        acc[row][v] = hn::Zero(tag);
      } else {
        const float* from = start == TileStart::row ? row_start : out[row];
        acc[row][v] = load_first(from + v * lanes, count);
      }
    }
  }
  add_term<Rows, Vectors, Vectors, Vectors - 1>(first, acc);
  add_term<Rows, Vectors, Vectors, Vectors - 1>(second, acc);
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      store_first(acc[row][v], out[row] + v * lanes, v == Vectors - 1 ? last_lanes : lanes);
    }
  }
}

template <int Vectors>
HWY_NOINLINE void product_rows(int rows, const Term& first, const Term& second, TileStart start,
                               const float* row_start, float* const* out, std::int64_t last_lanes) {
  switch (rows) {
    case 1:
      return product_tile<1, Vectors>(first, second, start, row_start, out, last_lanes);
    case 2:
      return product_tile<2, Vectors>(first, second, start, row_start, out, last_lanes);
    case 3:
      return product_tile<3, Vectors>(first, second, start, row_start, out, last_lanes);
    case 4:
      return product_tile<4, Vectors>(first, second, start, row_start, out, last_lanes);
    case 5:
      return product_tile<5, Vectors>(first, second, start, row_start, out, last_lanes);
    default:
      return product_tile<6, Vectors>(first, second, start, row_start, out, last_lanes);
  }
}

// A product over a panel of `columns` numbers, at most tile_vectors vectors.
HWY_INLINE void product(int rows, std::int64_t columns, const Term& first, const Term& second,
                        TileStart start, const float* row_start, float* const* out) {
  const std::int64_t vectors = pieces_of(columns, lanes);
  const std::int64_t last = columns - (vectors - 1) * lanes;
  switch (vectors) {
    case 1:
      return product_rows<1>(rows, first, second, start, row_start, out, last);
    case 2:
      return product_rows<2>(rows, first, second, start, row_start, out, last);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
    case 3:
      return product_rows<3>(rows, first, second, start, row_start, out, last);
    default:
      return product_rows<4>(rows, first, second, start, row_start, out, last);
#else
    default:
      return;
#endif
  }
}

// Columns of a panel of product().
inline constexpr std::int64_t panel_columns = tile_vectors * lanes;

// B [K][N] or, transposed, B^T [N][K], row stride ldb, into panels of panel_columns:
// [panel][K][panel_columns], the last one filled up with zeros.
HWY_INLINE std::int64_t packed_panels_size(std::int64_t k, std::int64_t n) {
  return pieces_of(n, panel_columns) * k * panel_columns;
}

// Rows of numbers into columns of `width` each: to[i][column] = rows(column)[i], 0 beyond `count`
// columns. Blocks of 16 pass through memory whose rows do not share cache sets.
HWY_INLINE void transpose_into(const float* from, std::int64_t ld, std::int64_t count,
                               std::int64_t k, std::int64_t width, float* to,
                               std::int64_t to_stride) {
  constexpr std::int64_t block = 16;
  float passing[64 * (block + 1)];
  for (std::int64_t i = 0; i < k; i += block) {
    const std::int64_t size = smaller(block, k - i);
    for (std::int64_t column = 0; column < width; ++column) {
      for (std::int64_t r = 0; r < size; ++r) {
        passing[column * (block + 1) + r] = column < count ? from[column * ld + i + r] : 0.0F;
      }
    }
    for (std::int64_t r = 0; r < size; ++r) {
      for (std::int64_t column = 0; column < width; ++column) {
        to[(i + r) * to_stride + column] = passing[column * (block + 1) + r];
      }
    }
  }
}

HWY_INLINE void pack_panels(std::int64_t k, std::int64_t n, const float* b, std::int64_t ldb,
                            bool transposed, float* packed) {
  for (std::int64_t begin = 0; begin < n; begin += panel_columns) {
    const std::int64_t width = smaller(panel_columns, n - begin);
    if (transposed) {
      transpose_into(b + begin * ldb, ldb, width, k, panel_columns, packed, panel_columns);
    } else {
      for (std::int64_t i = 0; i < k; ++i) {
        for (std::int64_t column = 0; column < panel_columns; column += lanes) {
          const std::int64_t count = width - column;
          const Vector value =
              count > 0 ? load_first(b + i * ldb + begin + column, count) : hn::Zero(tag);
          hn::StoreU(value, tag, packed + i * panel_columns + column);
        }
      }
    }
    packed += k * panel_columns;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
