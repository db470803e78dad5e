// Lion (Chen et al.: "Symbolic discovery of optimization algorithms", NeurIPS 2023).
#include "chronicler/training/optimizers/lion.h"

#include "layers/core/dispatch.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class LionOptimizer final : public OptimizerWith<LionOptimizer, optimizers::LionOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 1; }

  // w -= rate sign(beta_1 m + (1 - beta_1) g);  m = beta_2 m + (1 - beta_2) g
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      Real* __restrict mean = update.slots[0].as<Real>();
      const auto rate = static_cast<Real>(update.learning_rate);
      const auto beta_1 = static_cast<Real>(options().beta_1);
      const auto share_1 = Real{1} - beta_1;
      const auto beta_2 = static_cast<Real>(options().beta_2);
      const auto share_2 = Real{1} - beta_2;
      for (std::int64_t i = 0; i < count; ++i) {
        const Real direction = beta_1 * mean[i] + share_1 * gradient[i];
        value[i] -= direction > 0 ? rate : direction < 0 ? -rate : direction;
        mean[i] = beta_2 * mean[i] + share_2 * gradient[i];
      }
    });
  }
};

}  // namespace

OptimizerPtr optimizers::Lion(const LionOptions& options) {
  return std::make_shared<LionOptimizer>(options);
}

}  // namespace chronicler
