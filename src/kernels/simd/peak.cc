// Multiply-adds in registers: the contract is kernels/peak.h.
#include "kernels/peak.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/peak.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

double MultiplyAdds(std::int64_t rounds, float* sink) {
  constexpr int chains = 12;  // more than latency times throughput, and they fit the registers
  Vector sums[chains];
  CHRONICLER_UNROLL
  for (int i = 0; i < chains; ++i) sums[i] = hn::Set(tag, static_cast<float>(i));
  const Vector factor = hn::Set(tag, 0.999F);
  const Vector term = hn::Set(tag, 1e-3F);
  for (std::int64_t round = 0; round < rounds; ++round) {
    CHRONICLER_UNROLL
    for (int i = 0; i < chains; ++i) sums[i] = hn::MulAdd(sums[i], factor, term);
  }
  Vector total = sums[0];
  CHRONICLER_UNROLL
  for (int i = 1; i < chains; ++i) total = hn::Add(total, sums[i]);
  *sink = hn::GetLane(total);
  return static_cast<double>(rounds) * chains * static_cast<double>(lanes) * 2.0;
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(MultiplyAdds);

double run_multiply_adds(std::int64_t rounds, float* sink) {
  return CHRONICLER_DISPATCH(MultiplyAdds)(rounds, sink);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
