// -(y ln p + (1 - y) ln(1 - p)) of one number.
#pragma once

#include <algorithm>
#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {

// p kept within [epsilon, 1 - epsilon].
template <class Real>
LossTerm binary_entropy(double target, Real prediction) {
  const auto given = static_cast<double>(prediction);
  const double p = std::clamp(given, lowest_probability<Real>, highest_probability<Real>);
  const double value = -(target * std::log(p) + (1.0 - target) * std::log1p(-p));
  const bool clipped = given < p || given > p;  // NaN is not
  return {value, clipped ? 0.0 : (p - target) / (p * (1.0 - p))};
}

// With p = sigmoid(z) this is ln(1 + exp(z)) - y z, written so that nothing overflows.
inline LossTerm binary_entropy_of_logit(double target, double z) {
  const double small = std::exp(-std::abs(z));
  const double value = std::max(z, 0.0) - z * target + std::log1p(small);
  const double p = (z >= 0.0 ? 1.0 : small) / (1.0 + small);
  return {value, p - target};
}

}  // namespace chronicler
