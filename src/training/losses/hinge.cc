#include "training/losses/hinge.h"

#include <algorithm>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// Whether all targets are 0 or 1, which then stand for -1 and 1.
bool are_zeros_and_ones(const TensorView& y_true) {
  return with_target(y_true.dtype(), [&](auto target) {
    using Target = decltype(target);
    const auto targets = y_true.span<Target>();
    return std::all_of(targets.begin(), targets.end(),
                       [](Target y) { return y == Target{0} || y == Target{1}; });
  });
}

// max(1 - y p, 0), or its square.
class Margin final : public ElementwiseLoss<Margin> {
 public:
  Margin(LossCommon common, bool squared, bool zeros_and_ones)
      : ElementwiseLoss(std::move(common)), squared_(squared), zeros_and_ones_(zeros_and_ones) {}
  std::string_view class_name() const override { return squared_ ? "SquaredHinge" : "Hinge"; }

  LossTerm term(double target, double prediction) const {
    const double sign = zeros_and_ones_ ? 2.0 * target - 1.0 : target;
    const double margin = 1.0 - sign * prediction;
    if (margin < 0.0) return {0.0, 0.0};
    return squared_ ? LossTerm{margin * margin, -2.0 * margin * sign} : LossTerm{margin, -sign};
  }

 private:
  bool squared_;
  bool zeros_and_ones_;
};

// What the targets of a batch mean depends on all of them.
class HingeLoss final : public NamedLoss {
 public:
  HingeLoss(const LossCommon& common, bool squared)
      : NamedLoss(common), of_signs_(common, squared, false), of_bits_(common, squared, true) {}
  std::string_view class_name() const override { return of_signs_.class_name(); }

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    const Margin& margin = are_zeros_and_ones(y_true) ? of_bits_ : of_signs_;
    margin.values(y_true, y_pred, values, gradient);
  }

 private:
  Margin of_signs_;
  Margin of_bits_;
};

}  // namespace

LossPtr hinge_from(SettingsReader& settings) {
  return std::make_shared<HingeLoss>(LossCommon::from(settings, "hinge"), false);
}

LossPtr squared_hinge_from(SettingsReader& settings) {
  return std::make_shared<HingeLoss>(LossCommon::from(settings, "squared_hinge"), true);
}

LossPtr losses::Hinge(const HingeOptions& options) {
  return losses::from("Hinge", {{"reduction", options.reduction}});
}

LossPtr losses::SquaredHinge(const SquaredHingeOptions& options) {
  return losses::from("SquaredHinge", {{"reduction", options.reduction}});
}

}  // namespace chronicler
