#include "training/losses/poisson.h"

#include <cmath>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// p - y ln(p + epsilon)
class PoissonLoss final : public ElementwiseLoss<PoissonLoss> {
 public:
  static constexpr std::string_view default_name = "poisson";

  explicit PoissonLoss(LossCommon common) : ElementwiseLoss(std::move(common)) {}
  std::string_view class_name() const override { return "Poisson"; }

  static LossTerm term(double target, double prediction) {
    const double p = prediction + loss_epsilon;
    return {prediction - target * std::log(p), 1.0 - target / p};
  }
};

}  // namespace

LossPtr poisson_from(SettingsReader& settings) {
  return std::make_shared<PoissonLoss>(LossCommon::from(settings, PoissonLoss::default_name));
}

LossPtr losses::Poisson(const PoissonOptions& options) {
  return losses::from("Poisson", {{"reduction", options.reduction}});
}

}  // namespace chronicler
