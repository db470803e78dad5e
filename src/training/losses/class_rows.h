// Arithmetic on one row of class scores, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "training/losses/loss_base.h"

namespace chronicler {

template <class Real>
double clipped_probability(double p) {
  return std::clamp(p, lowest_probability<Real>, highest_probability<Real>);
}
// Whether clipping changed it, so that it has no slope there.
template <class Real>
bool is_clipped(double p) {
  return p < lowest_probability<Real> || p > highest_probability<Real>;
}

// ln of each class's part in the softmax of a row. The softmax itself is right to 6e-8 of the
// whole, not of each part; of its largest part that is enough.
template <class Real>
class LogSoftmax {
 public:
  LogSoftmax(const Real* softmax, const Real* scores, std::int64_t count) : scores_(scores) {
    const std::int64_t top = std::max_element(scores, scores + count) - scores;
    shift_ = std::log(static_cast<double>(softmax[top])) - static_cast<double>(scores[top]);
  }
  double operator[](std::int64_t i) const { return static_cast<double>(scores_[i]) + shift_; }

 private:
  const Real* scores_;
  double shift_;
};

}  // namespace chronicler
