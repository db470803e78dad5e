#include "training/losses/mean_squared_logarithmic_error.h"

#include <algorithm>
#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// (ln(p + 1) - ln(y + 1))^2, both kept at epsilon or more.
class MeanSquaredLogarithmicErrorLoss final
    : public ElementwiseLoss<MeanSquaredLogarithmicErrorLoss> {
 public:
  static constexpr std::string_view default_name = "mean_squared_logarithmic_error";

  explicit MeanSquaredLogarithmicErrorLoss(LossCommon common)
      : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "MeanSquaredLogarithmicError"; }

  static LossTerm term(double target, double prediction) {
    const double p = std::max(prediction, loss_epsilon);
    const double error = std::log1p(p) - std::log1p(std::max(target, loss_epsilon));
    const double slope = prediction < loss_epsilon ? 0.0 : 2.0 * error / (p + 1.0);
    return {error * error, slope};
  }
};

}  // namespace

LossPtr mean_squared_logarithmic_error_from(SettingsReader& settings) {
  return std::make_shared<MeanSquaredLogarithmicErrorLoss>(
      LossCommon::from(settings, MeanSquaredLogarithmicErrorLoss::default_name));
}

LossPtr losses::MeanSquaredLogarithmicError(const MeanSquaredLogarithmicErrorOptions& options) {
  return losses::from("MeanSquaredLogarithmicError", {{"reduction", options.reduction}});
}

}  // namespace chronicler
