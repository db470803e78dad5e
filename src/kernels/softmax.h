// The softmax of one row and its logarithm, written so that nothing overflows. Rows of a batch have
// a kernel of their own, kernels/softmax_loss.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace chronicler::kernels {

// ln of the sum of exp(score), computed in `Sum`.
template <class Sum, class Real>
Sum log_sum_exp(std::int64_t count, const Real* scores) {
  const auto top = static_cast<Sum>(*std::max_element(scores, scores + count));
  Sum sum{0};
  for (std::int64_t i = 0; i < count; ++i) sum += std::exp(static_cast<Sum>(scores[i]) - top);
  return top + std::log(sum);
}

// Scores to shares that sum to 1, in place.
template <class Real>
void softmax_of_row(std::int64_t count, Real* scores) {
  const Real top = *std::max_element(scores, scores + count);
  Real sum{0};
  for (std::int64_t i = 0; i < count; ++i) sum += scores[i] = std::exp(scores[i] - top);
  for (std::int64_t i = 0; i < count; ++i) scores[i] /= sum;
}

// Scores to ln of those shares, in place.
template <class Real>
void log_softmax_of_row(std::int64_t count, Real* scores) {
  const Real log_total = log_sum_exp<Real>(count, scores);
  for (std::int64_t i = 0; i < count; ++i) scores[i] -= log_total;
}

}  // namespace chronicler::kernels
