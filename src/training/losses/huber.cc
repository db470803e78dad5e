#include "chronicler/training/losses/huber.h"

#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// e^2 / 2 up to an error of delta, from there on a straight line.
class HuberLoss final : public ElementwiseLoss<HuberLoss, losses::HuberOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  LossTerm term(double target, double prediction) const {
    const double error = prediction - target;
    const double size = std::abs(error);
    const double delta = options().delta;
    if (size <= delta) return {0.5 * error * error, error};
    return {delta * size - 0.5 * delta * delta, std::copysign(delta, error)};
  }
};

}  // namespace

LossPtr losses::Huber(const HuberOptions& options) { return std::make_shared<HuberLoss>(options); }

}  // namespace chronicler
