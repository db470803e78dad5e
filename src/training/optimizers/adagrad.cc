// Adagrad (Duchi, Hazan, Singer: "Adaptive subgradient methods", JMLR 2011).
#include "chronicler/training/optimizers/adagrad.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class AdagradOptimizer final : public OptimizerWith<AdagradOptimizer, optimizers::AdagradOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 1; }
  double slot_start(std::size_t) const override { return options().initial_accumulator_value; }

  // A += g^2;  w -= rate g / sqrt(A + epsilon)
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      const GradientSquares<Real> squares(update.gradient, update.squares);
      Real* __restrict sum = update.slots[0].as<Real>();
      const auto rate = static_cast<Real>(update.learning_rate);
      const auto epsilon = static_cast<Real>(options().epsilon);
      const Real under_root = options().is_legacy_optimizer ? Real{0} : epsilon;
      const Real beside_root = options().is_legacy_optimizer ? epsilon : Real{0};
      for (std::int64_t i = 0; i < count; ++i) {
        sum[i] += squares[i];
        value[i] -= rate * gradient[i] / (std::sqrt(sum[i] + under_root) + beside_root);
      }
    });
  }
};

}  // namespace

OptimizerPtr optimizers::Adagrad(const AdagradOptions& options) {
  return std::make_shared<AdagradOptimizer>(options);
}

}  // namespace chronicler
