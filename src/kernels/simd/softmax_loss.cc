// The fast softmax and cross-entropy: the contract is kernels/softmax_loss.h.
#include "kernels/softmax_loss.h"

#include <cmath>
#include <cstring>

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

HWY_INLINE float top_of(std::int64_t classes, const float* z) {
  Vector tops = hn::Set(tag, z[0]);
  std::int64_t i = 0;
  for (; i + lanes <= classes; i += lanes) tops = hn::Max(tops, hn::LoadU(tag, z + i));
  HWY_ALIGN float parts[lanes];
  hn::StoreU(tops, tag, parts);
  float top = parts[0];
  for (std::int64_t k = 1; k < lanes; ++k) top = parts[k] > top ? parts[k] : top;
  for (; i < classes; ++i) top = z[i] > top ? z[i] : top;
  return top;
}

// Adds `count` numbers to the sums, the first to the first.
HWY_INLINE void add_to(float* HWY_RESTRICT sums, std::int64_t count, const float* numbers) {
  for (std::int64_t part = 0; part < sum_count; part += lanes) {
    Vector sum = hn::LoadU(tag, sums + part);
    for (std::int64_t i = part; i < count; i += sum_count)
      sum = hn::Add(sum, load_first(numbers + i, count - i));
    hn::StoreU(sum, tag, sums + part);
  }
}

// The exponentials of a row, a stretch at a time, also to `out` unless it is null. Two loops, each
// of which has registers enough for what it holds.
HWY_INLINE RowSums sums_of(std::int64_t classes, const float* z, float* out) {
  constexpr std::int64_t stretch = 32 * sum_count;
  HWY_ALIGN float exponentials[stretch];
  HWY_ALIGN float sums[sum_count] = {};
  HWY_ALIGN float scores[sum_count] = {};
  RowSums result;
  result.top = top_of(classes, z);
  add_to(scores, classes, z);
  for (std::int64_t begin = 0; begin < classes; begin += stretch) {
    const std::int64_t count = smaller(stretch, classes - begin);
    for (std::int64_t i = 0; i < count; i += lanes) {
      const Vector x = load_first(z + begin + i, count - i);
      hn::StoreU(fine_exp_of(hn::Sub(x, hn::Set(tag, result.top))), tag, exponentials + i);
    }
    add_to(sums, count, exponentials);
    if (out != nullptr)
      std::memcpy(out + begin, exponentials, static_cast<std::size_t>(count) * sizeof(float));
  }
  result.exponentials = total_of(sums);
  result.scores = total_of(scores);
  return result;
}

void SoftmaxLoss(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                 float smoothing, float scale, float* scores, float* losses) {
  const auto count = static_cast<float>(classes);
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const float own = scores[labels[row]];
    const RowSums sums = sums_of(classes, scores, scale == 0.0F ? nullptr : scores);
    losses[row] = sums.top + std::log(sums.exponentials) - (1.0F - smoothing) * own -
                  smoothing * (sums.scores / count);
    if (scale == 0.0F) continue;
    const Vector factor = hn::Set(tag, scale / sums.exponentials);
    const Vector less = hn::Set(tag, scale * smoothing / count);
    for (std::int64_t i = 0; i < classes; i += lanes) {
      const std::int64_t left = classes - i;
      const Vector e = load_first(scores + i, left);
      store_first(hn::Sub(hn::Mul(e, factor), less), scores + i, left);
    }
    scores[labels[row]] -= scale * (1.0F - smoothing);
  }
}

void LogSoftmax(std::int64_t rows, std::int64_t classes, float* scores) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const RowSums sums = sums_of(classes, scores, nullptr);
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
