// Activations of one vector, and their derivatives.
#if defined(CHRONICLER_KERNELS_SIMD_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_ACTIVATION_INL_H_
#undef CHRONICLER_KERNELS_SIMD_ACTIVATION_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_ACTIVATION_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/activation.h"
#include "kernels/readable_activation.h"
#include "kernels/simd/em1-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// The rarer activations take the readable way, number by number.
HWY_NOINLINE inline Vector readable_vector(Activation activation, Vector x) {
  HWY_ALIGN float numbers[lanes];
  hn::StoreU(x, tag, numbers);
  readable_activate(activation, 1, lanes, numbers, numbers);
  return hn::LoadU(tag, numbers);
}

HWY_INLINE Vector activated(Activation activation, Vector x) {
  switch (activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return at_least(0.0F, x);
    case Activation::tanh:
      return tanh_of(x);
    case Activation::sigmoid:
      return sigmoid_of(x);
    case Activation::hard_sigmoid: {
      const Vector line = hn::MulAdd(x, hn::Set(tag, 1.0F / 6.0F), hn::Set(tag, 0.5F));
      return at_most(1.0F, at_least(0.0F, line));
    }
    case Activation::hard_sigmoid_keras2: {
      const Vector line = hn::MulAdd(x, hn::Set(tag, 0.2F), hn::Set(tag, 0.5F));
      return at_most(1.0F, at_least(0.0F, line));
    }
    default:
      return readable_vector(activation, x);
  }
}

HWY_NOINLINE inline Vector readable_slope(Activation activation, Vector x, Vector y) {
  HWY_ALIGN float before[lanes];
  HWY_ALIGN float after[lanes];
  HWY_ALIGN float slope[lanes];
  hn::StoreU(x, tag, before);
  hn::StoreU(y, tag, after);
  hn::StoreU(hn::Set(tag, 1.0F), tag, slope);
  readable_activate_backward(activation, 1, lanes, before, after, slope, slope);
  return hn::LoadU(tag, slope);
}

// d activation / d x at x, where it is y. x counts only if needs_input(activation).
HWY_INLINE Vector slope(Activation activation, Vector x, Vector y) {
  const Vector one = hn::Set(tag, 1.0F);
  switch (activation) {
    case Activation::linear:
      return one;
    case Activation::relu:
      return hn::IfThenElseZero(hn::Gt(y, hn::Zero(tag)), one);
    case Activation::tanh:
      return hn::NegMulAdd(y, y, one);
    case Activation::sigmoid:
      return hn::Mul(y, hn::Sub(one, y));
    default:
      return readable_slope(activation, x, y);
  }
}

// The pair that nearly every network has, known when compiling, and any pair.
struct Usual {
  explicit Usual(Activation, Activation) {}
  HWY_INLINE Vector inner(Vector x) const { return tanh_of(x); }
  HWY_INLINE Vector gate(Vector x) const { return sigmoid_of(x); }
  HWY_INLINE Vector inner_slope(Vector, Vector y) const { return slope(Activation::tanh, y, y); }
  HWY_INLINE Vector gate_slope(Vector, Vector y) const { return slope(Activation::sigmoid, y, y); }
};

struct AnyPair {
  AnyPair(Activation inner_activation, Activation gate_activation)
      : inner_(inner_activation), gate_(gate_activation) {}
  HWY_INLINE Vector inner(Vector x) const { return activated(inner_, x); }
  HWY_INLINE Vector gate(Vector x) const { return activated(gate_, x); }
  HWY_INLINE Vector inner_slope(Vector x, Vector y) const { return slope(inner_, x, y); }
  HWY_INLINE Vector gate_slope(Vector x, Vector y) const { return slope(gate_, x, y); }

 private:
  Activation inner_;
  Activation gate_;
};

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
