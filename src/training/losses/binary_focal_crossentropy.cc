#include "chronicler/training/losses/binary_focal_crossentropy.h"

#include <cmath>

#include "training/losses/binary_entropy.h"
#include "training/losses/focal.h"

namespace chronicler {
namespace {

// (1 - p_t)^gamma times the binary cross-entropy, where p_t = y p + (1 - y)(1 - p); with
// balancing also times y alpha + (1 - y)(1 - alpha).
class BinaryFocalCrossentropyLoss final : public LossWith<losses::BinaryFocalCrossentropyOptions> {
 public:
  using LossWith::LossWith;

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_dense_targets(y_true, y_pred, {name(), where});
    check_target_range(y_true, 0.0, 1.0, {name(), where});
  }

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    check_dense_targets(y_true, y_pred.shape(), {name(), "y"});
    compute_elements(y_true, y_pred, values, gradient,
                     [&](double target, auto number) { return term(target, number); });
  }

  // Logits that are given as such are those of the sigmoid that the loss itself begins with.
  bool takes_logits() const override { return !options().from_logits; }
  bool takes_both() const override { return true; }
  void logit_values(TensorView y_true, TensorView y_pred, const Logits& logits, TensorView values,
                    TensorView gradient, TensorView of_logits) const override {
    check_dense_targets(y_true, y_pred.shape(), {name(), "y"});
    const PredictionRows rows(y_pred.shape());
    const double share = 1.0 / static_cast<double>(rows.width);
    with_real(y_pred.dtype(), [&](auto real) {
      using Real = decltype(real);
      with_target(y_true.dtype(), [&](auto type) {
        const auto* targets = y_true.as<decltype(type)>();
        for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            double sum = 0.0;
            for (std::int64_t i = row * rows.width; i < (row + 1) * rows.width; ++i) {
              const double y = smooth(static_cast<double>(targets[i]));
              const auto z = static_cast<double>(logits.data.as<Real>()[i]);
              const Slopes slopes = focused(y, static_cast<double>(y_pred.as<Real>()[i]),
                                            binary_entropy_of_logit(y, z));
              sum += slopes.value;
              if (gradient)
                gradient.as<Real>()[i] = static_cast<Real>(slopes.of_probability * share);
              if (of_logits) of_logits.as<Real>()[i] = static_cast<Real>(slopes.of_entropy * share);
            }
            values.as<Real>()[row] = static_cast<Real>(sum * share);
          }
        });
      });
    });
  }

 private:
  struct Slopes {
    double value;
    double of_entropy;      // through the cross-entropy
    double of_probability;  // through the focus
  };

  template <class Real>
  LossTerm term(double target, Real prediction) const {
    const double y = smooth(target);
    if (!options().from_logits) {
      const Slopes slopes =
          focused(y, static_cast<double>(prediction), binary_entropy(y, prediction));
      return {slopes.value, slopes.of_entropy + slopes.of_probability};
    }
    const auto z = static_cast<double>(prediction);
    const double p = 1.0 / (1.0 + std::exp(-z));
    const Slopes slopes = focused(y, p, binary_entropy_of_logit(y, z));
    return {slopes.value, slopes.of_entropy + slopes.of_probability * p * (1.0 - p)};
  }

  double smooth(double target) const {
    return target * (1.0 - options().label_smoothing) + 0.5 * options().label_smoothing;
  }

  Slopes focused(double y, double p, const LossTerm& entropy) const {
    const double missing = 1.0 - (y * p + (1.0 - y) * (1.0 - p));
    const Focus focus(missing, options().gamma);
    const double weight = options().apply_class_balancing
                              ? y * options().alpha + (1.0 - y) * (1.0 - options().alpha)
                              : 1.0;
    return {weight * focus.value * entropy.value, weight * focus.value * entropy.slope,
            weight * focus.slope * (1.0 - 2.0 * y) * entropy.value};
  }
};

}  // namespace

LossPtr losses::BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options) {
  return std::make_shared<BinaryFocalCrossentropyLoss>(options);
}

}  // namespace chronicler
