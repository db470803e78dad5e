// Losses that look at one number and its target at a time; the value of a prediction is the mean
// over its last axis.
#pragma once

#include "layers/dispatch.h"
#include "training/loss_base.h"
#include "training/loss_targets.h"
#include "training/prediction_rows.h"

namespace chronicler {

// The loss of one number, and its derivative by that number.
struct LossTerm {
  double value;
  double slope;
};

// Derived has `LossTerm term(double target, double prediction) const`, which must follow from its
// arguments alone.
template <class Derived>
class ElementwiseLoss : public NamedLoss {
 public:
  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    check_dense_targets(y_true, y_pred.shape(), {name(), "y"});
    with_real(y_pred.dtype(), [&](auto real) {
      with_target(y_true.dtype(), [&](auto target) {
        compute(y_true.as<decltype(target)>(), y_pred.as<decltype(real)>(),
                values.as<decltype(real)>(), gradient ? gradient.as<decltype(real)>() : nullptr,
                PredictionRows(y_pred.shape()));
      });
    });
  }

 protected:
  using NamedLoss::NamedLoss;

 private:
  template <class Target, class Real>
  void compute(const Target* targets, const Real* predictions, Real* values, Real* gradient,
               const PredictionRows& rows) const {
    const auto& derived = static_cast<const Derived&>(*this);
    const double share = 1.0 / static_cast<double>(rows.width);
    for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        double sum = 0.0;
        for (std::int64_t i = row * rows.width; i < (row + 1) * rows.width; ++i) {
          const LossTerm term =
              derived.term(static_cast<double>(targets[i]), static_cast<double>(predictions[i]));
          sum += term.value;
          if (gradient != nullptr) gradient[i] = static_cast<Real>(term.slope * share);
        }
        values[row] = static_cast<Real>(sum * share);
      }
    });
  }
};

}  // namespace chronicler
