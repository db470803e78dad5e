#include "chronicler/training/losses/mean_absolute_error.h"

#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanAbsoluteErrorLoss final
    : public ElementwiseLoss<MeanAbsoluteErrorLoss, losses::MeanAbsoluteErrorOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  // Where the error is 0 there is no derivative; 0, as TensorFlow takes it.
  static LossTerm term(double target, double prediction) {
    const double error = prediction - target;
    const double slope = error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : error;
    return {std::abs(error), slope};
  }
};

}  // namespace

LossPtr losses::MeanAbsoluteError(const MeanAbsoluteErrorOptions& options) {
  return std::make_shared<MeanAbsoluteErrorLoss>(options);
}

}  // namespace chronicler
