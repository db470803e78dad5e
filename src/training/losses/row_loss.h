// Losses that look at a row of predictions and its targets at a time.
#pragma once

#include "layers/core/dispatch.h"
#include "training/losses/loss_base.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"

namespace chronicler {

// Derived has `template <class Target, class Real> double row(const Target* targets, const Real*
// predictions, Real* slope, std::int64_t width) const`: the value of a row, and in `slope`, unless
// it is null, its derivative.
template <class Derived, class Options>
class RowLoss : public LossWith<Options> {
 public:
  using LossWith<Options>::LossWith;

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    check_dense_targets(y_true, y_pred.shape(), {this->name(), "y"});
    const auto& derived = static_cast<const Derived&>(*this);
    const PredictionRows rows(y_pred.shape());
    with_real(y_pred.dtype(), [&](auto real) {
      using Real = decltype(real);
      with_target(y_true.dtype(), [&](auto target) {
        const auto* targets = y_true.as<decltype(target)>();
        const auto* predictions = y_pred.as<Real>();
        auto* results = values.as<Real>();
        auto* slopes = gradient ? gradient.as<Real>() : nullptr;
        for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t at = row * rows.width;
            results[row] = static_cast<Real>(derived.row(targets + at, predictions + at,
                                                         slopes == nullptr ? nullptr : slopes + at,
                                                         rows.width));
          }
        });
      });
    });
  }
};

}  // namespace chronicler
