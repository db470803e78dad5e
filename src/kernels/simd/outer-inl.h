// C += A^T B over rows that lie anywhere: the products of weight gradients.
#if defined(CHRONICLER_KERNELS_SIMD_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#undef CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_OUTER_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"

#include "kernels/simd/tile-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// Rows of A and B that are summed over in one go: their copies stay in the first-level and
// second-level caches.
inline constexpr std::int64_t outer_depth = 128;
// Rows of C (numbers of a row of A) whose copies are made at a time.
inline constexpr std::int64_t outer_rows = 16 * tile_rows;

// A vector of columns: where it lies in a row of B and in a row of C, and how many of its numbers
// count.
struct OuterColumn {
  std::int64_t in_b = 0;
  std::int64_t in_c = 0;
  std::int64_t count = 0;
};

// Copies of outer_rows numbers of up to outer_depth rows of A: [tile][k][tile_rows]. With factors,
// each number times its own.
struct OuterLeft {
  HWY_ALIGN float packed[outer_rows * outer_depth];
  std::int64_t depth = 0;
  std::int64_t count = 0;  // numbers of a row, at most outer_rows

  HWY_INLINE void pack(const float* const* rows, const float* const* factors, std::int64_t begin,
                       std::int64_t size, std::int64_t k_count) {
    depth = k_count;
    count = size;
    for (std::int64_t tile = 0; tile < size; tile += tile_rows) {
      float* to = packed + tile * k_count;
      const std::int64_t width = smaller(tile_rows, size - tile);
      const std::int64_t at = begin + tile;
      if (width == tile_rows && factors == nullptr) {
        for (std::int64_t k = 0; k < k_count; ++k) {
          std::memcpy(to + k * tile_rows, rows[k] + at, tile_rows * sizeof(float));
        }
        continue;
      }
      for (std::int64_t k = 0; k < k_count; ++k) {
        for (std::int64_t i = 0; i < tile_rows; ++i) {
          float number = i < width ? rows[k][at + i] : 0.0F;
          if (factors != nullptr && i < width) number *= factors[k][at + i];
          to[k * tile_rows + i] = number;
        }
      }
    }
  }
};

// Copies of vectors of columns of up to outer_depth rows of B: [column][k][lanes].
template <int Columns>
struct OuterRight {
  HWY_ALIGN float packed[Columns * outer_depth * lanes];
  std::int64_t depth = 0;

  HWY_INLINE const float* column(std::int64_t index) const {
    return packed + index * outer_depth * lanes;
  }
  HWY_INLINE void pack(const float* const* rows, const OuterColumn* columns, std::int64_t count,
                       std::int64_t k_count) {
    depth = k_count;
    for (std::int64_t k = 0; k < k_count; ++k) {
      const float* row = rows[k];
      for (std::int64_t i = 0; i < count; ++i) {
        const Vector value = load_first(row + columns[i].in_b, columns[i].count);
        hn::StoreU(value, tag, packed + (i * outer_depth + k) * lanes);
      }
    }
  }
};

template <int Rows, int Vectors>
HWY_NOINLINE void outer_tile(std::int64_t depth, const float* HWY_RESTRICT left,
                             const float* HWY_RESTRICT right, float* c, std::int64_t ldc,
                             const OuterColumn* columns) {
  Vector acc[Rows][Vectors];
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) {
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      acc[row][v] = load_first(c + row * ldc + columns[v].in_c, columns[v].count);
    }
  }
  CHRONICLER_UNROLL_K
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector column[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      column[v] = hn::LoadU(tag, right + v * (outer_depth * lanes) + k * lanes);
    }
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      const Vector factor = hn::Set(tag, left[k * tile_rows + row]);
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

template <int Vectors>
HWY_INLINE void outer_tiles(const OuterLeft& left, const float* right, float* c, std::int64_t ldc,
                            const OuterColumn* columns) {
  for (std::int64_t row = 0; row < left.count; row += tile_rows) {
    const float* packed = left.packed + row * left.depth;
    float* to = c + row * ldc;
    switch (left.count - row) {
      case 1:
        outer_tile<1, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
      case 2:
        outer_tile<2, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
      case 3:
        outer_tile<3, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
      case 4:
        outer_tile<4, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
      case 5:
        outer_tile<5, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
      default:
        outer_tile<6, Vectors>(left.depth, packed, right, to, ldc, columns);
        break;
    }
  }
}

// c[i][columns] += sum_k left[k][i] right[k][columns].
template <int Columns>
HWY_INLINE void outer_product(const OuterLeft& left, const OuterRight<Columns>& right, float* c,
                              std::int64_t ldc, const OuterColumn* columns, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += tile_vectors) {
    const float* panel = right.column(i);
    switch (smaller(tile_vectors, count - i)) {
      case 1:
        outer_tiles<1>(left, panel, c, ldc, columns + i);
        break;
      case 2:
        outer_tiles<2>(left, panel, c, ldc, columns + i);
        break;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
      case 3:
        outer_tiles<3>(left, panel, c, ldc, columns + i);
        break;
      case 4:
        outer_tiles<4>(left, panel, c, ldc, columns + i);
        break;
#endif
      default:
        break;
    }
  }
}

// c[columns] += sum_k right[k][columns], in the order of k.
template <int Columns>
HWY_INLINE void outer_sums(const OuterRight<Columns>& right, float* c, const OuterColumn* columns,
                           std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    Vector sum = load_first(c + columns[i].in_c, columns[i].count);
    const float* from = right.column(i);
    for (std::int64_t k = 0; k < right.depth; ++k) {
      sum = hn::Add(sum, hn::LoadU(tag, from + k * lanes));
    }
    store_first(sum, c + columns[i].in_c, columns[i].count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
