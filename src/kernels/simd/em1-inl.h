// tanh and sigmoid from one e^x - 1, without tables, blends or branches.
//
// 2^y - 1 for y = n + r, |r| <= 1/2: a polynomial for p = 2^r - 1, then 2^n p + (2^n - 1), which
// loses nothing near 0. The polynomial is a Remez fit of (2^r - 1) / r with a relative error
// of 1.1e-8. Against double precision, over all floats: tanh within 4.1 ulp
// and 1.5e-7, sigmoid within 3 ulp and 1.2e-7. Divisions, not estimates of reciprocals: all
// instruction sets that fuse products and sums give the same bits.
#if defined(CHRONICLER_KERNELS_SIMD_EM1_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_EM1_INL_H_
#undef CHRONICLER_KERNELS_SIMD_EM1_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_EM1_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// y = Factor * x * log2(e), cut into n + r. To add 1.5 * 2^23 rounds to a whole number; 127 more
// makes its low bits the exponent field of 2^n. Exact: r from log2(e) in two parts.
struct Power {
  Vector two_to_n;
  Vector r;
};

template <int Factor, bool Exact>
HWY_INLINE Power split_power(Vector x) {
  const Vector magic = hn::Set(tag, 12582912.0F + 127.0F);
  const Vector scale = hn::Set(tag, Factor * 1.44269502162933349609375F);
#if HWY_NATIVE_FMA
  const Vector z = hn::MulAdd(x, scale, magic);
  const Vector n = hn::Sub(z, magic);
  Vector r = hn::MulSub(x, scale, n);
  if (Exact) r = hn::MulAdd(x, hn::Set(tag, Factor * 1.925963033500011e-08F), r);
#else
  // Without fused products: x - n ln 2 in two parts, the first of which is exact (Cody and Waite
  // 1980).
  const Vector z = hn::Add(hn::Mul(x, scale), magic);
  const Vector n = hn::Sub(z, magic);
  const Vector natural = hn::Mul(x, hn::Set(tag, static_cast<float>(Factor)));
  const Vector rest = hn::Sub(hn::Sub(natural, hn::Mul(n, hn::Set(tag, 0.693359375F))),
                              hn::Mul(n, hn::Set(tag, -2.12194440e-4F)));
  const Vector r = hn::Mul(rest, hn::Set(tag, 1.4426950408889634F));
#endif
  const hn::RebindToUnsigned<Tag> bits;
  return {hn::BitCast(tag, hn::ShiftLeft<23>(hn::BitCast(bits, z))), r};
}

// 2^r - 1 for |r| <= 1/2.
HWY_INLINE Vector fraction_em1(Vector r) {
  const Vector r2 = hn::Mul(r, r);
  const Vector low = hn::MulAdd(hn::Set(tag, 0.24022649229F), r, hn::Set(tag, 0.69314718246F));
  const Vector middle = hn::MulAdd(hn::Set(tag, 0.00961823761F), r, hn::Set(tag, 0.05550357327F));
  const Vector high = hn::MulAdd(hn::Set(tag, 0.00015403512F), r, hn::Set(tag, 0.00133907353F));
  return hn::Mul(r, hn::MulAdd(hn::MulAdd(high, r2, middle), r2, low));
}

HWY_INLINE Vector em1(Power power) {
  return hn::MulAdd(power.two_to_n, fraction_em1(power.r),
                    hn::Sub(power.two_to_n, hn::Set(tag, 1.0F)));
}

// tanh(x) = (1 - e^(-2|x|)) / (1 + e^(-2|x|)), with the sign of x. Beyond 13.5 it is 1.
HWY_INLINE Vector tanh_of(Vector x) {
  const Vector a = at_most(13.5F, hn::Abs(x));
  const Vector m = em1(split_power<-2, false>(a));
  return hn::CopySign(hn::Div(m, hn::Add(m, hn::Set(tag, 2.0F))), x);
}

// sigmoid(x) = 1 / (1 + e^(-x)).
HWY_INLINE Vector sigmoid_of(Vector x) {
  const Vector a = at_most(86.0F, at_least(-86.0F, x));
  const Vector m = em1(split_power<-1, true>(a));
  return hn::Div(hn::Set(tag, 1.0F), hn::Add(m, hn::Set(tag, 2.0F)));
}

// e^x - 1 and e^x, for |x| up to 86; below that they are as at -86.
HWY_INLINE Vector expm1_of(Vector x) {
  const Vector a = at_most(86.0F, at_least(-86.0F, x));
  return em1(split_power<1, true>(a));
}
HWY_INLINE Vector exp_of(Vector x) { return hn::Add(expm1_of(x), hn::Set(tag, 1.0F)); }
// e^x and e^x - 1 for x from -86 to 86, both to a few ulp.
struct Exponentials {
  Vector exp, expm1;
};
HWY_INLINE Exponentials exponentials_of(Vector x) {
  const Power power = split_power<1, true>(x);
  const Vector p = fraction_em1(power.r);
  return {hn::MulAdd(power.two_to_n, p, power.two_to_n),
          hn::MulAdd(power.two_to_n, p, hn::Sub(power.two_to_n, hn::Set(tag, 1.0F)))};
}
// e^x for x from -86 to 86, small results too to a few ulp: what sums of thousands are made of.
HWY_INLINE Vector fine_exp_of(Vector x) {
  const Power power = split_power<1, true>(at_most(86.0F, at_least(-86.0F, x)));
  return hn::MulAdd(power.two_to_n, fraction_em1(power.r), power.two_to_n);
}

// log(1 + u) for u from 0 to 1: 2 atanh(s) for s = u / (2 + u), a polynomial in s^2 with a relative
// error of 8e-9.
HWY_INLINE Vector log1p_of(Vector u) {
  const Vector s = hn::Div(u, hn::Add(u, hn::Set(tag, 2.0F)));
  const Vector w = hn::Mul(s, s);
  Vector sum = hn::MulAdd(hn::Set(tag, 0.28178334F), w, hn::Set(tag, 0.27960604F));
  sum = hn::MulAdd(sum, w, hn::Set(tag, 0.4002491F));
  sum = hn::MulAdd(sum, w, hn::Set(tag, 0.66666317F));
  sum = hn::MulAdd(sum, w, hn::Set(tag, 2.0F));
  return hn::Mul(s, sum);
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
