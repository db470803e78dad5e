// The squares and the absolute values of a gradient, of which the optimizers' averages are made:
// where it is made of rows, the sums of the rows' own.
#pragma once

#include <cmath>
#include <cstdint>

#include "chronicler/base/tensor.h"

namespace chronicler {

// g * g, or what was gathered of the squares (Parameter::gradient_squares).
template <class Real>
class GradientSquares {
 public:
  GradientSquares(const TensorView& gradient, const TensorView& gathered)
      : gradient_(gradient.as<Real>()), gathered_(gathered ? gathered.as<Real>() : nullptr) {}

  Real operator[](std::int64_t i) const {
    return gathered_ == nullptr ? gradient_[i] * gradient_[i] : gathered_[i];
  }

  const Real* gathered() const { return gathered_; }  // null: none

 private:
  const Real* __restrict gradient_;
  const Real* __restrict gathered_;
};

// |g|, or what was gathered of it (Parameter::gradient_sizes).
template <class Real>
class GradientSizes {
 public:
  GradientSizes(const TensorView& gradient, const TensorView& gathered)
      : gradient_(gradient.as<Real>()), gathered_(gathered ? gathered.as<Real>() : nullptr) {}

  Real operator[](std::int64_t i) const {
    return gathered_ == nullptr ? std::abs(gradient_[i]) : gathered_[i];
  }

 private:
  const Real* __restrict gradient_;
  const Real* __restrict gathered_;
};

}  // namespace chronicler
