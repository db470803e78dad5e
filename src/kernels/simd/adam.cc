// The fast inner loop of Adam: the readable twin is training/optimizers/adam.cc, which runs in
// double.
#include "kernels/adam.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/adam.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

void AdamStep(const AdamRates& rates, std::int64_t count, const float* HWY_RESTRICT gradient,
              const float* HWY_RESTRICT squares, float* HWY_RESTRICT value,
              float* HWY_RESTRICT mean, float* HWY_RESTRICT mean_square) {
  const Vector rate = hn::Set(tag, rates.rate);
  const Vector share_1 = hn::Set(tag, rates.share_1);
  const Vector share_2 = hn::Set(tag, rates.share_2);
  const Vector epsilon = hn::Set(tag, rates.epsilon);
  for (std::int64_t i = 0; i < count; i += lanes) {
    const std::int64_t left = count - i;
    const Vector g = load_first(gradient + i, left);
    const Vector s = squares == nullptr ? hn::Mul(g, g) : load_first(squares + i, left);
    const Vector m_before = load_first(mean + i, left);
    const Vector v_before = load_first(mean_square + i, left);
    const Vector m = hn::Add(m_before, hn::Mul(share_1, hn::Sub(g, m_before)));
    const Vector v = hn::Add(v_before, hn::Mul(share_2, hn::Sub(s, v_before)));
    const Vector move = hn::Div(hn::Mul(rate, m), hn::Add(hn::Sqrt(v), epsilon));
    store_first(m, mean + i, left);
    store_first(v, mean_square + i, left);
    store_first(hn::Sub(load_first(value + i, left), move), value + i, left);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(AdamStep);

void adam_step(const AdamRates& rates, std::int64_t count, const float* gradient,
               const float* squares, float* value, float* mean, float* mean_square) {
  CHRONICLER_DISPATCH(AdamStep)(rates, count, gradient, squares, value, mean, mean_square);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
