// The fast softmax and cross-entropy: the contract is kernels/softmax_loss.h.
#include "kernels/softmax_loss.h"

#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/softmax_loss.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/em1-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// Sixteen sums, whatever a vector holds; number i of a row goes to sum i % 16.
inline constexpr std::int64_t sum_count = 16;

struct RowSums {
  float top = 0.0F;
  float exponentials = 0.0F;  // of z - top
  float scores = 0.0F;
};

// Always in the same order.
HWY_INLINE float total_of(float* sums) {
  for (std::int64_t step = sum_count / 2; step > 0; step /= 2) {
    for (std::int64_t i = 0; i < step; ++i) sums[i] += sums[i + step];
  }
  return sums[0];
}

HWY_INLINE RowSums sums_of(std::int64_t classes, const float* z) {
  RowSums result;
  Vector tops = hn::Set(tag, z[0]);
  std::int64_t i = 0;
  for (; i + lanes <= classes; i += lanes) tops = hn::Max(tops, hn::LoadU(tag, z + i));
  HWY_ALIGN float parts[lanes];
  hn::StoreU(tops, tag, parts);
  result.top = parts[0];
  for (std::int64_t k = 1; k < lanes; ++k)
    result.top = parts[k] > result.top ? parts[k] : result.top;
  for (; i < classes; ++i) result.top = z[i] > result.top ? z[i] : result.top;

  HWY_ALIGN float exponentials[sum_count] = {};
  HWY_ALIGN float scores[sum_count] = {};
  const Vector top = hn::Set(tag, result.top);
  for (std::int64_t part = 0; part < sum_count; part += lanes) {
    Vector exponential = hn::Zero(tag);
    Vector score = hn::Zero(tag);
    for (i = part; i < classes; i += sum_count) {
      const std::int64_t left = classes - i;
      const Vector x = load_first(z + i, left);
      Vector e = fine_exp_of(hn::Sub(x, top));
      if (HWY_UNLIKELY(left < lanes))
        e = hn::IfThenElseZero(hn::FirstN(tag, static_cast<std::size_t>(left)), e);
      exponential = hn::Add(exponential, e);
      score = hn::Add(score, x);
    }
    hn::StoreU(exponential, tag, exponentials + part);
    hn::StoreU(score, tag, scores + part);
  }
  result.exponentials = total_of(exponentials);
  result.scores = total_of(scores);
  return result;
}

void SoftmaxLoss(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                 float smoothing, float scale, float* scores, float* losses) {
  const auto count = static_cast<float>(classes);
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const RowSums sums = sums_of(classes, scores);
    const float own = scores[labels[row]];
    losses[row] = sums.top + std::log(sums.exponentials) - (1.0F - smoothing) * own -
                  smoothing * (sums.scores / count);
    if (scale == 0.0F) continue;
    const Vector top = hn::Set(tag, sums.top);
    const Vector factor = hn::Set(tag, scale / sums.exponentials);
    const Vector less = hn::Set(tag, scale * smoothing / count);
    for (std::int64_t i = 0; i < classes; i += lanes) {
      const std::int64_t left = classes - i;
      const Vector e = fine_exp_of(hn::Sub(load_first(scores + i, left), top));
      store_first(hn::Sub(hn::Mul(e, factor), less), scores + i, left);
    }
    scores[labels[row]] -= scale * (1.0F - smoothing);
  }
}

void LogSoftmax(std::int64_t rows, std::int64_t classes, float* scores) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const RowSums sums = sums_of(classes, scores);
    const Vector log_total = hn::Set(tag, sums.top + std::log(sums.exponentials));
    for (std::int64_t i = 0; i < classes; i += lanes) {
      const std::int64_t left = classes - i;
      store_first(hn::Sub(load_first(scores + i, left), log_total), scores + i, left);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(SoftmaxLoss);
CHRONICLER_EXPORT(LogSoftmax);

template <>
void softmax_loss<float>(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                         float smoothing, float scale, float* scores, float* losses) {
  CHRONICLER_DISPATCH(SoftmaxLoss)(rows, classes, labels, smoothing, scale, scores, losses);
}

template <>
void log_softmax<float>(std::int64_t rows, std::int64_t classes, float* scores) {
  CHRONICLER_DISPATCH(LogSoftmax)(rows, classes, scores);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
