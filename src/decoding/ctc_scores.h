// What the CTC decoders share: sums in logarithms, and the scores of a step as probabilities.
#pragma once

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::decoding {

inline constexpr double impossible = -std::numeric_limits<double>::infinity();

// ln(exp(a) + exp(b))
inline double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == impossible ? a : a + std::log1p(std::exp(b - a));
}

// Throws Error unless the scores are (steps, classes) and the blank is a class.
void check_ctc_scores(const TensorView& scores, std::int64_t blank);

// ln p of every class in a step.
std::vector<double> log_softmax(const float* scores, std::int64_t classes);

}  // namespace chronicler::decoding
