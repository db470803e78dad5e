#include "training/binary_focal_crossentropy.h"

#include <algorithm>
#include <cmath>

#include "training/elementwise_loss.h"
#include "training/focal.h"

namespace chronicler {
namespace {

// (1 - p_t)^gamma times the binary cross-entropy, where p_t = y p + (1 - y)(1 - p); with
// balancing also times y alpha + (1 - y)(1 - alpha).
class BinaryFocalCrossentropyLoss final : public ElementwiseLoss<BinaryFocalCrossentropyLoss> {
 public:
  static constexpr std::string_view default_name = "binary_focal_crossentropy";

  BinaryFocalCrossentropyLoss(LossCommon common,
                              const losses::BinaryFocalCrossentropyOptions& given)
      : ElementwiseLoss(std::move(common)), given_(given) {
    checked_smoothing(given.label_smoothing);
    check_focus("BinaryFocalCrossentropy", given.gamma);
  }
  std::string_view class_name() const override { return "BinaryFocalCrossentropy"; }

  std::vector<Setting> settings() const override {
    std::vector<Setting> settings = NamedLoss::settings();
    settings.push_back({"from_logits", given_.from_logits});
    settings.push_back({"label_smoothing", given_.label_smoothing});
    settings.push_back({"axis", std::int64_t{-1}});
    settings.push_back({"apply_class_balancing", given_.apply_class_balancing});
    settings.push_back({"alpha", given_.alpha});
    settings.push_back({"gamma", given_.gamma});
    return settings;
  }

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_dense_targets(y_true, y_pred, {name(), where});
    check_target_range(y_true, 0.0, 1.0, {name(), where});
  }

  LossTerm term(double target, double prediction) const {
    const double y = target * (1.0 - given_.label_smoothing) + 0.5 * given_.label_smoothing;
    const double p = given_.from_logits ? 1.0 / (1.0 + std::exp(-prediction)) : prediction;
    LossTerm term = of_probability(y, p);
    if (given_.from_logits) term.slope *= p * (1.0 - p);
    return term;
  }

 private:
  LossTerm of_probability(double y, double given) const {
    constexpr double highest = 1.0 - loss_epsilon;
    const double p = std::clamp(given, loss_epsilon, highest);
    const double entropy = -(y * std::log(p) + (1.0 - y) * std::log1p(-p));
    const double entropy_slope = given == p ? (p - y) / (p * (1.0 - p)) : 0.0;
    const double missing = 1.0 - (y * given + (1.0 - y) * (1.0 - given));
    const Focus focus(missing, given_.gamma);
    const double weight =
        given_.apply_class_balancing ? y * given_.alpha + (1.0 - y) * (1.0 - given_.alpha) : 1.0;
    return {weight * focus.value * entropy,
            weight * (focus.value * entropy_slope + focus.slope * (1.0 - 2.0 * y) * entropy)};
  }

  losses::BinaryFocalCrossentropyOptions given_;
};

}  // namespace

LossPtr binary_focal_crossentropy_from(SettingsReader& settings) {
  const LossCommon common = LossCommon::from(settings, BinaryFocalCrossentropyLoss::default_name);
  losses::BinaryFocalCrossentropyOptions given;
  given.apply_class_balancing = settings.flag("apply_class_balancing", false);
  given.alpha = settings.number("alpha", given.alpha);
  given.gamma = settings.number("gamma", given.gamma);
  given.from_logits = settings.flag("from_logits", false);
  given.label_smoothing = settings.number("label_smoothing", 0.0);
  settings.only("axis", std::int64_t{-1});
  return std::make_shared<BinaryFocalCrossentropyLoss>(common, given);
}

LossPtr losses::BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options) {
  return losses::from("BinaryFocalCrossentropy",
                      {{"apply_class_balancing", options.apply_class_balancing},
                       {"alpha", options.alpha},
                       {"gamma", options.gamma},
                       {"from_logits", options.from_logits},
                       {"label_smoothing", options.label_smoothing},
                       {"reduction", options.reduction}});
}

}  // namespace chronicler
