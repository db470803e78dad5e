// C += A^T B over rows that lie anywhere: the products of weight gradients.
#if defined(CHRONICLER_KERNELS_SIMD_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#undef CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/simd/tile-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// Rows of A and B that are summed over in one go: their copies stay in the second-level cache. The
// deep product is for a C that does not stay there itself, so that it is fetched less often.
inline constexpr std::int64_t outer_depth = 128;
inline constexpr std::int64_t deep_outer_depth = 384;

// A vector of columns: where it lies in a row of B and in a row of C, and how many of its numbers
// count.
struct OuterColumn {
  std::int64_t in_b = 0;
  std::int64_t in_c = 0;
  std::int64_t count = 0;
};

// Where the numbers of a tile of rows of A^T lie, for each k: in the rows of A themselves, from
// number `at` on.
struct RowsLeft {
  const float* const* rows;
  std::int64_t at;
  HWY_INLINE const float* operator()(std::int64_t k) const { return rows[k] + at; }
  HWY_INLINE RowsLeft tile(std::int64_t begin, std::int64_t) const { return {rows, at + begin}; }
};
// ... or in copies, [tile][k][tile_rows].
struct PackedLeft {
  const float* packed;
  HWY_INLINE const float* operator()(std::int64_t k) const { return packed + k * tile_rows; }
  HWY_INLINE PackedLeft tile(std::int64_t begin, std::int64_t depth) const {
    return {packed + begin * depth};
  }
};

// The size of the copies of `count` numbers of each of `depth` rows. A vector may be written where
// the last tile_rows numbers belong.
HWY_INLINE std::int64_t packed_left_size(std::int64_t count, std::int64_t depth) {
  return pieces_of(count, tile_rows) * tile_rows * depth + lanes;
}
// Copies numbers [begin, begin + count) of each row, with factors each times its own.
HWY_INLINE void pack_left(const float* const* rows, const float* const* factors, std::int64_t begin,
                          std::int64_t count, std::int64_t depth, float* packed) {
  for (std::int64_t tile = 0; tile < count; tile += tile_rows) {
    const std::int64_t at = begin + tile;
    const std::int64_t width = smaller(tile_rows, count - tile);
    for (std::int64_t k = 0; k < depth; ++k) {
      for (std::int64_t i = 0; i < width; i += lanes) {
        Vector numbers = load_first(rows[k] + at + i, width - i);
        if (factors != nullptr) {
          numbers = hn::Mul(numbers, load_first(factors[k] + at + i, width - i));
        }
        hn::StoreU(numbers, tag, packed + k * tile_rows + i);
      }
    }
    packed += depth * tile_rows;
  }
}

// Copies of vectors of columns of B: [column][k][lanes].
HWY_INLINE void pack_right(const float* const* rows, const OuterColumn* columns, std::int64_t count,
                           std::int64_t depth, float* packed) {
  for (std::int64_t k = 0; k < depth; ++k) {
    const float* row = rows[k];
    for (std::int64_t i = 0; i < count; ++i) {
      const Vector value = load_first(row + columns[i].in_b, columns[i].count);
      hn::StoreU(value, tag, packed + (i * depth + k) * lanes);
    }
  }
}

template <int Rows, int Vectors, class Left>
HWY_NOINLINE void outer_tile(std::int64_t depth, const Left left, const float* HWY_RESTRICT right,
                             float* c, std::int64_t ldc, const OuterColumn* columns) {
  Vector acc[Rows][Vectors];
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      acc[row][v] = load_first(c + row * ldc + columns[v].in_c, columns[v].count);
    }
  }
  const std::int64_t column_stride = depth * lanes;
  CHRONICLER_UNROLL_K
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector column[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) column[v] = hn::LoadU(tag, right + v * column_stride);
    right += lanes;
    const float* numbers = left(k);
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      const Vector factor = hn::Set(tag, numbers[row]);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        acc[row][v] = hn::MulAdd(factor, column[v], acc[row][v]);
      }
    }
  }
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      store_first(acc[row][v], c + row * ldc + columns[v].in_c, columns[v].count);
    }
  }
}

template <int Vectors, class Left>
HWY_INLINE void outer_tiles(std::int64_t rows, std::int64_t depth, const Left& left,
                            const float* right, float* c, std::int64_t ldc,
                            const OuterColumn* columns) {
  for (std::int64_t row = 0; row < rows; row += tile_rows) {
    const Left tile = left.tile(row, depth);
    float* to = c + row * ldc;
    switch (rows - row) {
      case 1:
        outer_tile<1, Vectors>(depth, tile, right, to, ldc, columns);
        break;
      case 2:
        outer_tile<2, Vectors>(depth, tile, right, to, ldc, columns);
        break;
      case 3:
        outer_tile<3, Vectors>(depth, tile, right, to, ldc, columns);
        break;
      case 4:
        outer_tile<4, Vectors>(depth, tile, right, to, ldc, columns);
        break;
      case 5:
        outer_tile<5, Vectors>(depth, tile, right, to, ldc, columns);
        break;
      default:
        outer_tile<6, Vectors>(depth, tile, right, to, ldc, columns);
        break;
    }
  }
}

// c[i][columns] += sum_k left(k)[i] right[k][columns], for `rows` rows of c; right as pack_right
// writes it.
template <class Left>
HWY_INLINE void outer_product(std::int64_t rows, std::int64_t depth, const Left& left,
                              const float* right, float* c, std::int64_t ldc,
                              const OuterColumn* columns, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += tile_vectors) {
    const float* panel = right + i * depth * lanes;
    switch (smaller(tile_vectors, count - i)) {
      case 1:
        outer_tiles<1>(rows, depth, left, panel, c, ldc, columns + i);
        break;
      case 2:
        outer_tiles<2>(rows, depth, left, panel, c, ldc, columns + i);
        break;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
      case 3:
        outer_tiles<3>(rows, depth, left, panel, c, ldc, columns + i);
        break;
      case 4:
        outer_tiles<4>(rows, depth, left, panel, c, ldc, columns + i);
        break;
#endif
      default:
        break;
    }
  }
}

// c[columns] += sum_k right[k][columns], in the order of k.
HWY_INLINE void outer_sums(std::int64_t depth, const float* right, float* c,
                           const OuterColumn* columns, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    Vector sum = load_first(c + columns[i].in_c, columns[i].count);
    const float* from = right + i * depth * lanes;
    for (std::int64_t k = 0; k < depth; ++k) sum = hn::Add(sum, hn::LoadU(tag, from + k * lanes));
    store_first(sum, c + columns[i].in_c, columns[i].count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
