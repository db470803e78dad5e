#include "training/optimizers/adagrad.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

// is_legacy_optimizer: as in Keras 2.10 and before, epsilon is added to the root, not under it.
using AdagradSettings = WithLegacy<optimizers::AdagradOptions>;

class AdagradOptimizer final : public OptimizerWith<AdagradOptimizer, AdagradSettings> {
 public:
  AdagradOptimizer(const AdagradSettings& options, const std::string& name)
      : OptimizerWith(options, name) {
    checked_not_negative("Adagrad", "initial_accumulator_value", options.initial_accumulator_value);
  }
  std::string_view class_name() const override { return "Adagrad"; }
  std::vector<Setting> settings() const override {
    return with_legacy(
        options(),
        settings_with({{"initial_accumulator_value", options().initial_accumulator_value},
                       {"epsilon", options().epsilon}}));
  }

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
      const Real under_root = options().is_legacy ? Real{0} : epsilon;
      const Real beside_root = options().is_legacy ? epsilon : Real{0};
      for (std::int64_t i = 0; i < count; ++i) {
        sum[i] += squares[i];
        value[i] -= rate * gradient[i] / (std::sqrt(sum[i] + under_root) + beside_root);
      }
    });
  }
};

}  // namespace

OptimizerPtr adagrad_from(SettingsReader& settings, const SchedulePtr& schedule) {
  AdagradSettings options;
  take_common_options(settings, schedule, options);
  options.initial_accumulator_value =
      settings.number("initial_accumulator_value", options.initial_accumulator_value);
  options.epsilon = settings.number("epsilon", options.epsilon);
  options.is_legacy = settings.flag(legacy_setting, false);
  return std::make_shared<AdagradOptimizer>(options, settings.text("name", "adagrad"));
}

OptimizerPtr optimizers::Adagrad(const AdagradOptions& options) {
  return std::make_shared<AdagradOptimizer>(AdagradSettings{options}, "adagrad");
}

}  // namespace chronicler
