// The vector type of the running instruction set, and loads and stores of parts of a vector.
//
// Everything in simd/ is compiled once for each instruction set (Highway's foreach_target). Only
// names of the set's own namespace are used, so that no function compiled for one processor is
// picked by the linker for another.
#if defined(CHRONICLER_KERNELS_SIMD_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_VECTOR_INL_H_
#undef CHRONICLER_KERNELS_SIMD_VECTOR_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_VECTOR_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

// Loops over the rows and vectors of a tile are always unrolled: g++ keeps the tile in memory
// otherwise.
#define CHRONICLER_UNROLL _Pragma("GCC unroll 16")
#define CHRONICLER_UNROLL_K _Pragma("GCC unroll 4")

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

inline constexpr Tag tag{};
// Numbers in a vector.
inline constexpr std::int64_t lanes = static_cast<std::int64_t>(hn::MaxLanes(Tag()));
// Vectors that a row of a tile may have: six rows of them, a row of the panel and a broadcast must
// fit the registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
inline constexpr int tile_vectors = 4;
#else
inline constexpr int tile_vectors = 2;
#endif
inline constexpr int tile_rows = 6;

// Whether a part of a vector can be loaded and stored by a mask, in one instruction that touches
// nothing else. Elsewhere Highway loads all of a vector, which may end behind the memory, and
// stores all of it, which undoes what another thread has written behind the part.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
inline constexpr bool has_masked_memory = true;
#else
inline constexpr bool has_masked_memory = false;
#endif

// The first `count` numbers of a vector, the rest 0; memory behind them is not touched.
HWY_INLINE Vector load_first(const float* from, std::int64_t count) {
  if (HWY_LIKELY(count >= lanes)) return hn::LoadU(tag, from);
  if constexpr (has_masked_memory) {
    return hn::MaskedLoad(hn::FirstN(tag, static_cast<std::size_t>(count)), tag, from);
  }
  alignas(64) float all[static_cast<std::size_t>(lanes)] = {};
  std::memcpy(all, from, static_cast<std::size_t>(count) * sizeof(float));
  return hn::Load(tag, all);
}

HWY_INLINE void store_first(Vector value, float* to, std::int64_t count) {
  if (HWY_LIKELY(count >= lanes)) {
    hn::StoreU(value, tag, to);
    return;
  }
  if constexpr (has_masked_memory) {
    hn::BlendedStore(value, hn::FirstN(tag, static_cast<std::size_t>(count)), tag, to);
    return;
  }
  alignas(64) float all[static_cast<std::size_t>(lanes)];
  hn::Store(value, tag, all);
  std::memcpy(to, all, static_cast<std::size_t>(count) * sizeof(float));
}

// The larger and the smaller of a bound and x; a NaN in x stays one, and so does the sign of a
// zero. (x86 returns the second operand then; NEON would return the bound.)
HWY_INLINE Vector at_least(float bound, Vector x) {
  const Vector b = hn::Set(tag, bound);
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_NEON
  return hn::IfThenElse(hn::Lt(x, b), b, x);
#else
  return hn::Max(b, x);
#endif
}
HWY_INLINE Vector at_most(float bound, Vector x) {
  const Vector b = hn::Set(tag, bound);
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_NEON
  return hn::IfThenElse(hn::Gt(x, b), b, x);
#else
  return hn::Min(b, x);
#endif
}

HWY_INLINE std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
HWY_INLINE std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
HWY_INLINE std::int64_t pieces_of(std::int64_t size, std::int64_t piece) {
  return (size + piece - 1) / piece;
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
