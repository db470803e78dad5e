// Follow the regularized leader (McMahan et al.: "Ad click prediction", KDD 2013).
#include "chronicler/training/optimizers/ftrl.h"

#include <algorithm>
#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class FtrlOptimizer final : public OptimizerWith<FtrlOptimizer, optimizers::FtrlOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 2; }
  std::size_t slots_side_by_side() const override { return 2; }
  double slot_start(std::size_t kind) const override {
    return kind == 0 ? options().initial_accumulator_value : 0.0;
  }

  // With p = -learning_rate_power:  N = A + g^2;  z += g + 2 shrinkage w - (N^p - A^p) / rate w;
  // w = (clip(z, -l1, l1) - z) / (N^p / rate + 2 l2 + beta / rate);  A = N
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      const GradientSquares<Real> squares(update.gradient, update.squares);
      Real* __restrict sum = update.slots[0].as<Real>();
      Real* __restrict linear = update.slots[1].as<Real>();
      const double rate = update.learning_rate;
      const double power = -options().learning_rate_power;
      const double l1 = options().l1_regularization_strength;
      const double curvature = 2.0 * options().l2_regularization_strength + options().beta / rate;
      const double shrinkage = 2.0 * options().l2_shrinkage_regularization_strength;
      for (std::int64_t i = 0; i < count; ++i) {
        const auto slope = static_cast<double>(gradient[i]);
        const auto weight = static_cast<double>(value[i]);
        const auto before = static_cast<double>(sum[i]);
        const double after = before + static_cast<double>(squares[i]);
        const double root = std::pow(after, power);
        const double z = static_cast<double>(linear[i]) + slope + shrinkage * weight -
                         (root - std::pow(before, power)) / rate * weight;
        value[i] = static_cast<Real>((std::clamp(z, -l1, l1) - z) / (root / rate + curvature));
        linear[i] = static_cast<Real>(z);
        sum[i] = static_cast<Real>(after);
      }
    });
  }
};

}  // namespace

OptimizerPtr optimizers::Ftrl(const FtrlOptions& options) {
  return std::make_shared<FtrlOptimizer>(options);
}

}  // namespace chronicler
