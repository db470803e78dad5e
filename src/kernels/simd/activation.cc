// The fast activations: the contract is kernels/activation.h.
#include "kernels/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/activation.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/readable_activation.h"
#include "kernels/simd/activation-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/em1-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// Whether a vector at a time is worth while; the others are left to the readable kernels as a
// whole.
HWY_INLINE bool has_vector_form(Activation activation) {
  switch (activation) {
    case Activation::linear:
    case Activation::relu:
    case Activation::tanh:
    case Activation::sigmoid:
    case Activation::hard_sigmoid:
    case Activation::hard_sigmoid_keras2:
      return true;
    default:
      return false;
  }
}

// y = e^(x - max x) / sum, row by row. The sum is taken in the order of the row, number by number,
// so that it does not depend on the width of a vector.
HWY_INLINE void softmax_rows(std::int64_t rows, std::int64_t length, const float* x, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += length, y += length) {
    float top = x[0];
    for (std::int64_t i = 1; i < length; ++i) top = x[i] > top ? x[i] : top;
    for (std::int64_t i = 0; i < length; i += lanes) {
      const Vector e = exp_of(hn::Sub(load_first(x + i, length - i), hn::Set(tag, top)));
      store_first(e, y + i, length - i);
    }
    float sum = 0.0F;
    for (std::int64_t i = 0; i < length; ++i) sum += y[i];
    const Vector scale = hn::Set(tag, sum);
    for (std::int64_t i = 0; i < length; i += lanes) {
      store_first(hn::Div(load_first(y + i, length - i), scale), y + i, length - i);
    }
  }
}

void Activate(Activation activation, std::int64_t rows, std::int64_t length, const float* x,
              float* y) {
  if (activation == Activation::softmax && length > 0) return softmax_rows(rows, length, x, y);
  if (!has_vector_form(activation)) return readable_activate(activation, rows, length, x, y);
  const std::int64_t size = rows * length;
  for (std::int64_t i = 0; i < size; i += lanes) {
    store_first(activated(activation, load_first(x + i, size - i)), y + i, size - i);
  }
}

void ActivateBackward(Activation activation, std::int64_t rows, std::int64_t length, const float* x,
                      const float* y, const float* dy, float* dx) {
  if (!has_vector_form(activation) || activation == Activation::hard_sigmoid ||
      activation == Activation::hard_sigmoid_keras2) {
    return readable_activate_backward(activation, rows, length, x, y, dy, dx);
  }
  const std::int64_t size = rows * length;
  for (std::int64_t i = 0; i < size; i += lanes) {
    const Vector after = load_first(y + i, size - i);
    const Vector d = hn::Mul(load_first(dy + i, size - i), slope(activation, after, after));
    store_first(d, dx + i, size - i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(Activate);
CHRONICLER_EXPORT(ActivateBackward);

template <>
void activate<float>(Activation activation, std::int64_t rows, std::int64_t length, const float* x,
                     float* y) {
  CHRONICLER_DISPATCH(Activate)(activation, rows, length, x, y);
}

template <>
void activate_backward<float>(Activation activation, std::int64_t rows, std::int64_t length,
                              const float* x, const float* y, const float* dy, float* dx) {
  CHRONICLER_DISPATCH(ActivateBackward)(activation, rows, length, x, y, dy, dx);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
