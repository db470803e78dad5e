// Adamax (Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015, section 7.1).
#include "chronicler/training/optimizers/adamax.h"

#include <algorithm>

#include "layers/core/dispatch.h"
#include "training/optimizers/beta_power.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class AdamaxOptimizer final : public OptimizerWith<AdamaxOptimizer, optimizers::AdamaxOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 2; }
  std::size_t slots_side_by_side() const override { return 2; }

  bool needs_sizes() const override { return true; }

  // m += (1 - beta_1)(g - m);  u = max(beta_2 u, |g|);
  // w -= rate / (1 - beta_1^t) m / (u + epsilon)
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      const GradientSizes<Real> sizes(update.gradient, update.sizes);
      Real* __restrict mean = update.slots[0].as<Real>();
      Real* __restrict largest = update.slots[1].as<Real>();
      const Real missing = Real{1} - beta_power<Real>(options().beta_1, update.step);
      const auto rate = static_cast<Real>(update.learning_rate) / missing;
      const auto share = static_cast<Real>(1.0 - options().beta_1);
      const auto beta_2 = static_cast<Real>(options().beta_2);
      const auto epsilon = static_cast<Real>(options().epsilon);
      for (std::int64_t i = 0; i < count; ++i) {
        mean[i] += share * (gradient[i] - mean[i]);
        largest[i] = std::max(beta_2 * largest[i], sizes[i]);
        value[i] -= rate * mean[i] / (largest[i] + epsilon);
      }
    });
  }
};

}  // namespace

OptimizerPtr optimizers::Adamax(const AdamaxOptions& options) {
  return std::make_shared<AdamaxOptimizer>(options);
}

}  // namespace chronicler
