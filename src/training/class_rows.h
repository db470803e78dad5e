// Arithmetic on one row of class scores, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "training/loss_base.h"

namespace chronicler {

inline double clipped_probability(double p) {
  return std::clamp(p, loss_epsilon, 1.0 - loss_epsilon);
}
// Whether clipping changed it, so that it has no slope there.
inline bool is_clipped(double p) { return p < loss_epsilon || p > 1.0 - loss_epsilon; }

// ln of the sum of exp(score) over a row, written so that nothing overflows.
template <class Real>
double log_sum_exp(const Real* scores, std::int64_t count) {
  const auto largest = static_cast<double>(*std::max_element(scores, scores + count));
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += std::exp(static_cast<double>(scores[i]) - largest);
  }
  return largest + std::log(sum);
}

}  // namespace chronicler
