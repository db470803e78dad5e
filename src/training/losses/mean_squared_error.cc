#include "chronicler/training/losses/mean_squared_error.h"

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class MeanSquaredErrorLoss final
    : public ElementwiseLoss<MeanSquaredErrorLoss, losses::MeanSquaredErrorOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  static LossTerm term(double target, double prediction) {
    const double error = prediction - target;
    return {error * error, 2.0 * error};
  }
};

}  // namespace

LossPtr losses::MeanSquaredError(const MeanSquaredErrorOptions& options) {
  return std::make_shared<MeanSquaredErrorLoss>(options);
}

}  // namespace chronicler
