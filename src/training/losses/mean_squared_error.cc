#include "training/losses/mean_squared_error.h"

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanSquaredErrorLoss final : public ElementwiseLoss<MeanSquaredErrorLoss> {
 public:
  static constexpr std::string_view default_name = "mean_squared_error";

  explicit MeanSquaredErrorLoss(LossCommon common) : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "MeanSquaredError"; }

  static LossTerm term(double target, double prediction) {
    const double error = prediction - target;
    return {error * error, 2.0 * error};
  }
};

}  // namespace

LossPtr mean_squared_error_from(SettingsReader& settings) {
  return std::make_shared<MeanSquaredErrorLoss>(
      LossCommon::from(settings, MeanSquaredErrorLoss::default_name));
}

LossPtr losses::MeanSquaredError(const MeanSquaredErrorOptions& options) {
  return losses::from("MeanSquaredError", {{"reduction", options.reduction}});
}

}  // namespace chronicler
