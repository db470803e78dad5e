#include "chronicler/training/losses/poisson.h"

#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// p - y ln(p + epsilon)
class PoissonLoss final : public ElementwiseLoss<PoissonLoss, losses::PoissonOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  static LossTerm term(double target, double prediction) {
    const double p = prediction + loss_epsilon;
    return {prediction - target * std::log(p), 1.0 - target / p};
  }
};

}  // namespace

LossPtr losses::Poisson(const PoissonOptions& options) {
  return std::make_shared<PoissonLoss>(options);
}

}  // namespace chronicler
