#include "training/losses/mean_absolute_error.h"

#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanAbsoluteErrorLoss final : public ElementwiseLoss<MeanAbsoluteErrorLoss> {
 public:
  static constexpr std::string_view default_name = "mean_absolute_error";

  explicit MeanAbsoluteErrorLoss(LossCommon common) : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "MeanAbsoluteError"; }

  // Where the error is 0 there is no derivative; 0, as TensorFlow takes it.
  static LossTerm term(double target, double prediction) {
    const double error = prediction - target;
    const double slope = error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : error;
    return {std::abs(error), slope};
  }
};

}  // namespace

LossPtr mean_absolute_error_from(SettingsReader& settings) {
  return std::make_shared<MeanAbsoluteErrorLoss>(
      LossCommon::from(settings, MeanAbsoluteErrorLoss::default_name));
}

LossPtr losses::MeanAbsoluteError(const MeanAbsoluteErrorOptions& options) {
  return losses::from("MeanAbsoluteError", {{"reduction", options.reduction}});
}

}  // namespace chronicler
