#include "training/losses/binary_crossentropy.h"

#include "training/losses/binary_entropy.h"

namespace chronicler {
namespace {

// -(y ln p + (1 - y) ln(1 - p)), p kept within [epsilon, 1 - epsilon], y drawn towards 1/2 by
// smoothing.
class BinaryCrossentropyLoss final : public NamedLoss {
 public:
  static constexpr std::string_view default_name = "binary_crossentropy";

  BinaryCrossentropyLoss(LossCommon common, bool from_logits, double label_smoothing)
      : NamedLoss(std::move(common)),
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
    return from_logits_ ? binary_entropy_of_logit(smooth(target), static_cast<double>(prediction))
                        : binary_entropy(smooth(target), prediction);
  }

  double smooth(double target) const {
    return target * (1.0 - label_smoothing_) + 0.5 * label_smoothing_;
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
