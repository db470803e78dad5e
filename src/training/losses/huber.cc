#include "training/losses/huber.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// e^2 / 2 up to an error of delta, from there on a straight line.
class HuberLoss final : public ElementwiseLoss<HuberLoss> {
 public:
  static constexpr std::string_view default_name = "huber_loss";

  HuberLoss(LossCommon common, double delta) : ElementwiseLoss(std::move(common)), delta_(delta) {
    if (delta > 0.0) return;
    throw Error(fmt::format("delta of Huber must be larger than 0, got {}", delta));
  }
  std::string_view class_name() const override { return "Huber"; }

  std::vector<Setting> settings() const override {
    std::vector<Setting> settings = NamedLoss::settings();
    settings.push_back({"delta", delta_});
    return settings;
  }

  LossTerm term(double target, double prediction) const {
    const double error = prediction - target;
    const double size = std::abs(error);
    if (size <= delta_) return {0.5 * error * error, error};
    return {delta_ * size - 0.5 * delta_ * delta_, std::copysign(delta_, error)};
  }

 private:
  double delta_;
};

}  // namespace

LossPtr huber_from(SettingsReader& settings) {
  const LossCommon common = LossCommon::from(settings, HuberLoss::default_name);
  return std::make_shared<HuberLoss>(common, settings.number("delta", 1.0));
}

LossPtr losses::Huber(const HuberOptions& options) {
  return losses::from("Huber", {{"delta", options.delta}, {"reduction", options.reduction}});
}

}  // namespace chronicler
