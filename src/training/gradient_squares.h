// The squares of a gradient, of which the optimizers' mean squares are made.
#pragma once

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

}  // namespace chronicler
