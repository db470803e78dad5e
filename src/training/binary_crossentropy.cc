#include "training/binary_crossentropy.h"

#include <algorithm>
#include <cmath>

#include "training/elementwise_loss.h"

namespace chronicler {
namespace {

// -(y ln p + (1 - y) ln(1 - p)), p kept within [epsilon, 1 - epsilon], y drawn towards 1/2 by
// smoothing.
class BinaryCrossentropyLoss final : public ElementwiseLoss<BinaryCrossentropyLoss> {
 public:
  static constexpr std::string_view default_name = "binary_crossentropy";

  BinaryCrossentropyLoss(LossCommon common, bool from_logits, double label_smoothing)
      : ElementwiseLoss(std::move(common)),
        from_logits_(from_logits),
        label_smoothing_(checked_smoothing(label_smoothing)) {}
  std::string_view class_name() const override { return "BinaryCrossentropy"; }

  std::vector<Setting> settings() const override {
    std::vector<Setting> settings = NamedLoss::settings();
    settings.push_back({"from_logits", from_logits_});
    settings.push_back({"label_smoothing", label_smoothing_});
    settings.push_back({"axis", std::int64_t{-1}});
    return settings;
  }

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_dense_targets(y_true, y_pred, {name(), where});
    check_target_range(y_true, 0.0, 1.0, {name(), where});
  }

  LossTerm term(double target, double prediction) const {
    const double smooth = target * (1.0 - label_smoothing_) + 0.5 * label_smoothing_;
    return from_logits_ ? of_logit(smooth, prediction) : of_probability(smooth, prediction);
  }

 private:
  static LossTerm of_probability(double target, double given) {
    constexpr double highest = 1.0 - loss_epsilon;
    const double p = std::clamp(given, loss_epsilon, highest);
    const double value = -(target * std::log(p) + (1.0 - target) * std::log1p(-p));
    const bool clipped = given < loss_epsilon || given > highest;
    return {value, clipped ? 0.0 : (p - target) / (p * (1.0 - p))};
  }

  // With p = sigmoid(z) this is ln(1 + exp(z)) - y z, written so that nothing overflows.
  static LossTerm of_logit(double target, double z) {
    const double small = std::exp(-std::abs(z));
    const double value = std::max(z, 0.0) - z * target + std::log1p(small);
    const double p = (z >= 0.0 ? 1.0 : small) / (1.0 + small);
    return {value, p - target};
  }

  bool from_logits_;
  double label_smoothing_;
};

}  // namespace

LossPtr binary_crossentropy_from(SettingsReader& settings) {
  const LossCommon common = LossCommon::from(settings, BinaryCrossentropyLoss::default_name);
  const bool from_logits = settings.flag("from_logits", false);
  const double label_smoothing = settings.number("label_smoothing", 0.0);
  settings.only("axis", std::int64_t{-1});
  return std::make_shared<BinaryCrossentropyLoss>(common, from_logits, label_smoothing);
}

LossPtr losses::BinaryCrossentropy(const BinaryCrossentropyOptions& options) {
  return losses::from("BinaryCrossentropy", {{"from_logits", options.from_logits},
                                             {"label_smoothing", options.label_smoothing},
                                             {"reduction", options.reduction}});
}

}  // namespace chronicler
