#include "chronicler/training/losses/mean_squared_logarithmic_error.h"

#include <algorithm>
#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// (ln(p + 1) - ln(y + 1))^2, both kept at epsilon or more.
class MeanSquaredLogarithmicErrorLoss final
    : public ElementwiseLoss<MeanSquaredLogarithmicErrorLoss,
                             losses::MeanSquaredLogarithmicErrorOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  static LossTerm term(double target, double prediction) {
    const double p = std::max(prediction, loss_epsilon);
    const double error = std::log1p(p) - std::log1p(std::max(target, loss_epsilon));
    const double slope = prediction < loss_epsilon ? 0.0 : 2.0 * error / (p + 1.0);
    return {error * error, slope};
  }
};

}  // namespace

LossPtr losses::MeanSquaredLogarithmicError(const MeanSquaredLogarithmicErrorOptions& options) {
  return std::make_shared<MeanSquaredLogarithmicErrorLoss>(options);
}

}  // namespace chronicler
