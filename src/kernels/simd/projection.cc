// The fast inner loop of an orthonormal basis: the contract is kernels/projection.h.
#include "kernels/projection.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/projection.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

using DoubleTag = hn::ScalableTag<double>;
using Doubles = hn::Vec<DoubleTag>;
inline constexpr DoubleTag doubles{};
inline constexpr std::int64_t double_lanes = static_cast<std::int64_t>(hn::MaxLanes(DoubleTag()));
inline constexpr std::int64_t sum_lanes = 8;
inline constexpr std::int64_t sum_vectors = sum_lanes / double_lanes;

// vector -= part * unit, and the product of what is left with `next`, in one pass.
HWY_INLINE double take_away(double part, const double* HWY_RESTRICT unit,
                            const double* HWY_RESTRICT next, std::int64_t length,
                            double* HWY_RESTRICT vector) {
  const Doubles factor = hn::Set(doubles, part);
  Doubles sums[sum_vectors];
  CHRONICLER_UNROLL
  for (std::int64_t v = 0; v < sum_vectors; ++v) sums[v] = hn::Zero(doubles);
  std::int64_t i = 0;
  for (; i + sum_lanes <= length; i += sum_lanes) {
    CHRONICLER_UNROLL
    for (std::int64_t v = 0; v < sum_vectors; ++v) {
      const std::int64_t at = i + v * double_lanes;
      const Doubles left =
          hn::Sub(hn::LoadU(doubles, vector + at), hn::Mul(factor, hn::LoadU(doubles, unit + at)));
      hn::StoreU(left, doubles, vector + at);
      sums[v] = hn::Add(sums[v], hn::Mul(hn::LoadU(doubles, next + at), left));
    }
  }
  double sum = 0.0;
  for (; i < length; ++i) {
    vector[i] -= part * unit[i];
    sum += next[i] * vector[i];
  }
  double lanes_of_sums[sum_lanes];
  CHRONICLER_UNROLL
  for (std::int64_t v = 0; v < sum_vectors; ++v) {
    hn::StoreU(sums[v], doubles, lanes_of_sums + v * double_lanes);
  }
  for (const double lane : lanes_of_sums) sum += lane;
  return sum;
}

void TakeAwayParts(std::int64_t count, std::int64_t length, const double* units, double* vector) {
  if (count == 0) return;
  double part = take_away(0.0, units, units, length, vector);
  for (std::int64_t k = 0; k < count; ++k) {
    const double* next = units + (k + 1 < count ? k + 1 : k) * length;
    part = take_away(part, units + k * length, next, length, vector);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(TakeAwayParts);

void take_away_parts(std::int64_t count, std::int64_t length, const double* units, double* vector) {
  CHRONICLER_DISPATCH(TakeAwayParts)(count, length, units, vector);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
