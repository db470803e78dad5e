// Softmax and cross-entropy as on paper: the contract is kernels/softmax_loss.h.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/softmax.h"

namespace chronicler::kernels::reference {

template <class Real>
void softmax_loss(std::int64_t rows, std::int64_t classes, const std::int32_t* labels,
                  Real smoothing, Real scale, Real* scores, Real* losses) {
  const auto count = static_cast<Real>(classes);
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const Real log_total = log_sum_exp<Real>(classes, scores);
    Real sum{0};
    for (std::int64_t i = 0; i < classes; ++i) sum += scores[i];
    losses[row] = log_total - (Real{1} - smoothing) * scores[labels[row]] - smoothing * sum / count;
    if (scale == Real{0}) continue;
    for (std::int64_t i = 0; i < classes; ++i)
      scores[i] = scale * (std::exp(scores[i] - log_total) - smoothing / count);
    scores[labels[row]] -= scale * (Real{1} - smoothing);
  }
}

template <class Real>
void log_softmax(std::int64_t rows, std::int64_t classes, Real* scores) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    log_softmax_of_row(classes, scores);
  }
}

}  // namespace chronicler::kernels::reference
