// Losses that look at one number and its target at a time; the value of a prediction is the mean
// over its last axis.
#pragma once

#include "layers/core/dispatch.h"
#include "training/losses/loss_base.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"

namespace chronicler {

// The loss of one number, and its derivative by that number.
struct LossTerm {
  double value;
  double slope;
};

// The loss of each number of a row, and its derivative: term(target, number) as a LossTerm.
// `gradient` may be null.
template <class Real, class Target, class Term>
void compute_elements(const Target* targets, const Real* numbers, Real* values, Real* gradient,
                      const PredictionRows& rows, const Term& term) {
  const double share = 1.0 / static_cast<double>(rows.width);
  for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      double sum = 0.0;
      for (std::int64_t i = row * rows.width; i < (row + 1) * rows.width; ++i) {
        const LossTerm own = term(static_cast<double>(targets[i]), numbers[i]);
        sum += own.value;
        if (gradient != nullptr) gradient[i] = static_cast<Real>(own.slope * share);
      }
      values[row] = static_cast<Real>(sum * share);
    }
  });
}

// The same for tensors.
template <class Term>
void compute_elements(const TensorView& y_true, const TensorView& numbers, const TensorView& values,
                      const TensorView& gradient, const Term& term) {
  with_real(numbers.dtype(), [&](auto real) {
    using Real = decltype(real);
    with_target(y_true.dtype(), [&](auto target) {
      compute_elements(y_true.as<decltype(target)>(), numbers.as<Real>(), values.as<Real>(),
                       gradient ? gradient.as<Real>() : nullptr, PredictionRows(numbers.shape()),
                       term);
    });
  });
}

// Derived has `LossTerm term(double target, double prediction) const`, which must follow from its
// arguments alone.
template <class Derived, class Options>
class ElementwiseLoss : public LossWith<Options> {
 public:
  using LossWith<Options>::LossWith;

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    check_dense_targets(y_true, y_pred.shape(), {this->name(), "y"});
    const auto& derived = static_cast<const Derived&>(*this);
    compute_elements(y_true, y_pred, values, gradient, [&](double target, auto prediction) {
      return derived.term(target, static_cast<double>(prediction));
    });
  }
};

}  // namespace chronicler
