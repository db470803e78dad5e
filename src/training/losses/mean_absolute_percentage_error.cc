#include "chronicler/training/losses/mean_absolute_percentage_error.h"

#include <algorithm>
#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanAbsolutePercentageErrorLoss final
    : public ElementwiseLoss<MeanAbsolutePercentageErrorLoss,
                             losses::MeanAbsolutePercentageErrorOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  static LossTerm term(double target, double prediction) {
    const double size = std::max(std::abs(target), loss_epsilon);
    const double error = prediction - target;
    const double slope = error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : error;
    return {100.0 * std::abs(error) / size, 100.0 * slope / size};
  }
};

}  // namespace

LossPtr losses::MeanAbsolutePercentageError(const MeanAbsolutePercentageErrorOptions& options) {
  return std::make_shared<MeanAbsolutePercentageErrorLoss>(options);
}

}  // namespace chronicler
