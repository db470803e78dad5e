// Eligibility traces, a vector of sums at a time. A trace is larger than the first cache: the
// numbers of a column of vectors stay in registers over a few rows, and each row is read once.
#include "kernels/trace.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/trace.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

constexpr std::int64_t rows_together = 4;

// What is known when compiling: whether units have two states, and which of them a loss sees.
template <bool TwoStates, bool FirstLoss, bool SecondLoss>
struct TraceParts {
  static constexpr bool two_states = TwoStates;
  static constexpr bool first_loss = FirstLoss;
  static constexpr bool second_loss = SecondLoss;
};

HWY_INLINE Vector load_or_zero(const float* from, std::int64_t n, std::int64_t left) {
  return from == nullptr ? hn::Zero(tag) : load_first(from + n, left);
}

template <class Parts>
HWY_INLINE void advance_columns(const Trace<float>& trace, std::int64_t begin, std::int64_t end,
                                std::int64_t n) {
  const std::int64_t left = trace.columns - n;
  const Vector carry_0 = load_first(trace.carry[0] + n, left);
  const Vector direct_0 = load_first(trace.direct[0] + n, left);
  const Vector loss_0 = load_or_zero(trace.loss[0], n, left);
  const Vector loss_1 = load_or_zero(trace.loss[1], n, left);
  const Vector carry_1 = load_or_zero(trace.carry[1], n, left);
  const Vector carry_2 = load_or_zero(trace.carry[2], n, left);
  const Vector carry_3 = load_or_zero(trace.carry[3], n, left);
  const Vector direct_1 = load_or_zero(trace.direct[1], n, left);
  for (std::int64_t k = begin; k < end; ++k) {
    const std::int64_t at = k * trace.columns + n;
    const Vector source = hn::Set(tag, trace.source[k]);
    const Vector before_0 = load_first(trace.state[0] + at, left);
    Vector first = hn::MulAdd(carry_0, before_0, hn::Mul(direct_0, source));
    Vector second = hn::Zero(tag);
    if constexpr (Parts::two_states) {
      const Vector before_1 = load_first(trace.state[1] + at, left);
      first = hn::MulAdd(carry_1, before_1, first);
      second = hn::MulAdd(carry_3, before_1, hn::Mul(direct_1, source));
      second = hn::MulAdd(carry_2, before_0, second);
      store_first(second, trace.state[1] + at, left);
    }
    store_first(first, trace.state[0] + at, left);
    if constexpr (Parts::first_loss || Parts::second_loss) {
      Vector gradient = load_first(trace.gradient + at, left);
      if constexpr (Parts::first_loss) gradient = hn::MulAdd(loss_0, first, gradient);
      if constexpr (Parts::second_loss) gradient = hn::MulAdd(loss_1, second, gradient);
      store_first(gradient, trace.gradient + at, left);
    }
  }
}

template <class Parts>
HWY_NOINLINE void advance(const Trace<float>& trace) {
  for (std::int64_t k = 0; k < trace.rows; k += rows_together) {
    const std::int64_t end = smaller(k + rows_together, trace.rows);
    for (std::int64_t n = 0; n < trace.columns; n += lanes)
      advance_columns<Parts>(trace, k, end, n);
  }
}

void AdvanceTrace(const Trace<float>& trace) {
  const bool first = trace.gradient != nullptr && trace.loss[0] != nullptr;
  const bool second = trace.gradient != nullptr && trace.loss[1] != nullptr;
  if (trace.state[1] == nullptr) {
    if (first) return advance<TraceParts<false, true, false>>(trace);
    return advance<TraceParts<false, false, false>>(trace);
  }
  if (first && second) return advance<TraceParts<true, true, true>>(trace);
  if (first) return advance<TraceParts<true, true, false>>(trace);
  if (second) return advance<TraceParts<true, false, true>>(trace);
  advance<TraceParts<true, false, false>>(trace);
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(AdvanceTrace);

template <>
void advance_trace<float>(const Trace<float>& trace) {
  CHRONICLER_DISPATCH(AdvanceTrace)(trace);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
