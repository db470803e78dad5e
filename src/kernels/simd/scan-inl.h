// Walking over the units of a scan: groups of vectors, then what is less than a vector.
#if defined(CHRONICLER_KERNELS_SIMD_SCAN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_SCAN_INL_H_
#undef CHRONICLER_KERNELS_SIMD_SCAN_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_SCAN_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

#include "kernels/recurrence.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// A vector of which `count` numbers count, unless all of them do.
template <bool Whole>
HWY_INLINE Vector part(const float* from, std::int64_t count) {
  if constexpr (Whole) return hn::LoadU(tag, from);
  return load_first(from, count);
}
template <bool Whole>
HWY_INLINE void put(Vector value, float* to, std::int64_t count) {
  if constexpr (Whole) {
    hn::StoreU(value, tag, to);
  } else {
    store_first(value, to, count);
  }
}

// The same past the caches, if `streams` says that whole vectors do not cross their lines.
template <bool Whole>
HWY_INLINE void put_far(bool streams, Vector value, float* to, std::int64_t count) {
  if (Whole && streams) {
    hn::Stream(value, tag, to);
  } else {
    put<Whole>(value, to, count);
  }
}
HWY_INLINE bool is_in_line(const void* numbers) {
  return reinterpret_cast<std::uintptr_t>(numbers) % (lanes * sizeof(float)) == 0;
}

template <int Vectors, bool Whole, class Body>
HWY_NOINLINE void run_group(const Body& body, std::int64_t unit, std::int64_t count) {
  body.template group<Vectors, Whole>(unit, count);
}

// body.group<V, whole>(first unit, count) for groups of up to Most vectors, each with its states in
// registers; `count` of the last, where it is not whole.
template <int Most, class Body>
HWY_INLINE void for_vectors(Range units, const Body& body) {
  std::int64_t u = units.begin;
  for (; u + Most * lanes <= units.end; u += Most * lanes) run_group<Most, true>(body, u, lanes);
  if constexpr (Most > 2) {
    if (u + 2 * lanes <= units.end) {
      run_group<2, true>(body, u, lanes);
      u += 2 * lanes;
    }
  }
  if constexpr (Most > 1) {
    if (u + lanes <= units.end) {
      run_group<1, true>(body, u, lanes);
      u += lanes;
    }
  }
  if (u < units.end) run_group<1, false>(body, u, units.end - u);
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
