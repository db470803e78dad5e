#include "training/losses/mean_absolute_percentage_error.h"

#include <algorithm>
#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanAbsolutePercentageErrorLoss final
    : public ElementwiseLoss<MeanAbsolutePercentageErrorLoss> {
 public:
  static constexpr std::string_view default_name = "mean_absolute_percentage_error";

  explicit MeanAbsolutePercentageErrorLoss(LossCommon common)
      : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "MeanAbsolutePercentageError"; }

  static LossTerm term(double target, double prediction) {
    const double size = std::max(std::abs(target), loss_epsilon);
    const double error = prediction - target;
    const double slope = error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : error;
    return {100.0 * std::abs(error) / size, 100.0 * slope / size};
  }
};

}  // namespace

LossPtr mean_absolute_percentage_error_from(SettingsReader& settings) {
  return std::make_shared<MeanAbsolutePercentageErrorLoss>(
      LossCommon::from(settings, MeanAbsolutePercentageErrorLoss::default_name));
}

LossPtr losses::MeanAbsolutePercentageError(const MeanAbsolutePercentageErrorOptions& options) {
  return losses::from("MeanAbsolutePercentageError", {{"reduction", options.reduction}});
}

}  // namespace chronicler
