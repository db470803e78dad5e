#include "chronicler/training/losses/log_cosh.h"

#include <cmath>
#include <numbers>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

class LogCoshLoss final : public ElementwiseLoss<LogCoshLoss, losses::LogCoshOptions> {
 public:
  using ElementwiseLoss::ElementwiseLoss;

  static LossTerm term(double target, double prediction) {
    // ln cosh e = |e| + ln((1 + exp(-2 |e|)) / 2), which does not overflow.
    const double error = prediction - target;
    const double size = std::abs(error);
    return {size + std::log1p(std::exp(-2.0 * size)) - std::numbers::ln2, std::tanh(error)};
  }
};

}  // namespace

LossPtr losses::LogCosh(const LogCoshOptions& options) {
  return std::make_shared<LogCoshLoss>(options);
}

}  // namespace chronicler
