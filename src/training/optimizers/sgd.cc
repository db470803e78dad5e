// Gradient descent, with momentum (Polyak, 1964) and Nesterov's variant (Sutskever, Martens, Dahl,
// Hinton: "On the importance of initialization and momentum in deep learning", ICML 2013).
#include "chronicler/training/optimizers/sgd.h"

#include "layers/core/dispatch.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class SgdOptimizer final : public OptimizerWith<SgdOptimizer, optimizers::SGDOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return has_momentum() ? 1 : 0; }

  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      const Real* gradient = update.gradient.as<Real>();
      Real* value = update.value.as<Real>();
      if (has_momentum()) {
        move_with_momentum(count, update.learning_rate, gradient, value,
                           update.slots[0].as<Real>());
      } else {
        move(count, static_cast<Real>(update.learning_rate), gradient, value);
      }
    });
  }

 private:
  bool has_momentum() const { return options().momentum != 0.0; }

  // w -= rate g
  template <class Real>
  static void move(std::int64_t count, Real rate, const Real* __restrict gradient,
                   Real* __restrict value) {
    for (std::int64_t i = 0; i < count; ++i) value[i] -= rate * gradient[i];
  }

  // v = mu v - rate g;  w += v, or with Nesterov  w += mu v - rate g
  template <class Real>
  void move_with_momentum(std::int64_t count, double learning_rate, const Real* __restrict gradient,
                          Real* __restrict value, Real* __restrict velocity) const {
    const auto rate = static_cast<Real>(learning_rate);
    const auto momentum = static_cast<Real>(options().momentum);
    if (options().nesterov) {
      for (std::int64_t i = 0; i < count; ++i) {
        const Real push = rate * gradient[i];
        velocity[i] = momentum * velocity[i] - push;
        value[i] += momentum * velocity[i] - push;
      }
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        velocity[i] = momentum * velocity[i] - rate * gradient[i];
        value[i] += velocity[i];
      }
    }
  }
};

}  // namespace

OptimizerPtr optimizers::SGD(const SGDOptions& options) {
  return std::make_shared<SgdOptimizer>(options);
}

}  // namespace chronicler
