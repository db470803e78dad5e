#include "training/optimizers/sgd.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class SgdOptimizer final : public OptimizerWith<SgdOptimizer, optimizers::SGDOptions> {
 public:
  SgdOptimizer(const optimizers::SGDOptions& options, const std::string& name)
      : OptimizerWith(options, name) {
    if (!(options.momentum >= 0.0 && options.momentum <= 1.0)) {
      throw Error(fmt::format("momentum of SGD must be from 0 to 1, got {}", options.momentum));
    }
  }
  std::string_view class_name() const override { return "SGD"; }
  std::vector<Setting> settings() const override {
    return settings_with({{"momentum", options().momentum}, {"nesterov", options().nesterov}});
  }

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

OptimizerPtr sgd_from(SettingsReader& settings, const SchedulePtr& schedule) {
  optimizers::SGDOptions options;
  take_common_options(settings, schedule, options);
  options.momentum = settings.number("momentum", options.momentum);
  options.nesterov = settings.flag("nesterov", options.nesterov);
  return std::make_shared<SgdOptimizer>(options, settings.text("name", "sgd"));
}

OptimizerPtr optimizers::SGD(const SGDOptions& options) {
  return std::make_shared<SgdOptimizer>(options, "sgd");
}

}  // namespace chronicler
