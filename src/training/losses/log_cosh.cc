#include "training/losses/log_cosh.h"

#include <cmath>
#include <numbers>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class LogCoshLoss final : public ElementwiseLoss<LogCoshLoss> {
 public:
  static constexpr std::string_view default_name = "log_cosh";

  explicit LogCoshLoss(LossCommon common) : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "LogCosh"; }

  static LossTerm term(double target, double prediction) {
    // ln cosh e = |e| + ln((1 + exp(-2 |e|)) / 2), which does not overflow.
    const double error = prediction - target;
    const double size = std::abs(error);
    return {size + std::log1p(std::exp(-2.0 * size)) - std::numbers::ln2, std::tanh(error)};
  }
};

}  // namespace

LossPtr log_cosh_from(SettingsReader& settings) {
  return std::make_shared<LogCoshLoss>(LossCommon::from(settings, LogCoshLoss::default_name));
}

LossPtr losses::LogCosh(const LogCoshOptions& options) {
  return losses::from("LogCosh", {{"reduction", options.reduction}});
}

}  // namespace chronicler
