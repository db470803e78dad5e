#include "chronicler/training/losses/binary_crossentropy.h"

#include "training/losses/binary_entropy.h"

namespace chronicler {
namespace {

// -(y ln p + (1 - y) ln(1 - p)), p kept within [epsilon, 1 - epsilon], y drawn towards 1/2 by
// smoothing.
class BinaryCrossentropyLoss final : public LossWith<losses::BinaryCrossentropyOptions> {
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

  bool takes_logits() const override { return true; }
  void logit_values(TensorView y_true, TensorView /*y_pred*/, const Logits& logits,
                    TensorView values, TensorView /*gradient*/,
                    TensorView of_logits) const override {
    check_dense_targets(y_true, logits.data.shape(), {name(), "y"});
    compute_elements(y_true, logits.data, values, of_logits, [&](double target, auto logit) {
      return binary_entropy_of_logit(smooth(target), static_cast<double>(logit));
    });
  }

 private:
  template <class Real>
  LossTerm term(double target, Real prediction) const {
    return options().from_logits
               ? binary_entropy_of_logit(smooth(target), static_cast<double>(prediction))
               : binary_entropy(smooth(target), prediction);
  }

  double smooth(double target) const {
    return target * (1.0 - options().label_smoothing) + 0.5 * options().label_smoothing;
  }
};

}  // namespace

LossPtr losses::BinaryCrossentropy(const BinaryCrossentropyOptions& options) {
  return std::make_shared<BinaryCrossentropyLoss>(options);
}

}  // namespace chronicler
