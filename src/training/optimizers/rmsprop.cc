#include "training/optimizers/rmsprop.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

// is_legacy_optimizer: as in Keras 2.10 and before, epsilon is added to the root, not under it,
// unless there is a momentum.
using RmspropSettings = WithLegacy<optimizers::RMSpropOptions>;

class RmspropOptimizer final : public OptimizerWith<RmspropOptimizer, RmspropSettings> {
 public:
  RmspropOptimizer(const RmspropSettings& options, const std::string& name)
      : OptimizerWith(options, name) {
    checked_decay("RMSprop", "rho", options.rho);
    checked_decay("RMSprop", "momentum", options.momentum);
  }
  std::string_view class_name() const override { return "RMSprop"; }
  std::vector<Setting> settings() const override {
    return with_legacy(options(), settings_with({{"rho", options().rho},
                                                 {"momentum", options().momentum},
                                                 {"epsilon", options().epsilon},
                                                 {"centered", options().centered}}));
  }

 protected:
  // The mean square, then the momentum, then the mean: those that are in use.
  std::size_t slots_per_parameter() const override {
    return std::size_t{1} + (has_momentum() ? 1 : 0) + (options().centered ? 1 : 0);
  }

  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      // The squares of rows are less than the square of their sum: a variance made of both would be
      // below 0, and Keras stops there.
      const TensorView rows = options().centered ? TensorView() : update.squares;
      Arrays<Real> arrays{update.value.as<Real>(),
                          update.gradient.as<Real>(),
                          GradientSquares<Real>(update.gradient, rows),
                          update.slots[0].as<Real>(),
                          nullptr,
                          nullptr};
      if (has_momentum()) arrays.momentum = update.slots[1].as<Real>();
      if (options().centered) arrays.mean = update.slots.back().as<Real>();
      const auto rate = static_cast<Real>(update.learning_rate);
      if (options().centered) {
        move<true>(update.value.size(), rate, arrays);
      } else {
        move<false>(update.value.size(), rate, arrays);
      }
    });
  }

 private:
  template <class Real>
  struct Arrays {
    Real* value;
    const Real* gradient;
    GradientSquares<Real> squares;
    Real* mean_square;
    Real* momentum;
    Real* mean;
  };

  bool has_momentum() const { return options().momentum > 0.0; }

  // v = rho v + (1 - rho) g^2;  a = rho a + (1 - rho) g
  // s = rate g / sqrt(v [- a^2] + epsilon);  w -= s, or with momentum  m = mu m + s, w -= m
  template <bool Centered, class Real>
  void move(std::int64_t count, Real rate, const Arrays<Real>& arrays) const {
    const auto rho = static_cast<Real>(options().rho);
    const auto rest = static_cast<Real>(1.0 - options().rho);
    const auto epsilon = static_cast<Real>(options().epsilon);
    Real* __restrict momentum = arrays.momentum;
    const bool is_legacy = options().is_legacy && momentum == nullptr;
    const Real under_root = is_legacy ? Real{0} : epsilon;
    const Real beside_root = is_legacy ? epsilon : Real{0};
    const auto friction = static_cast<Real>(options().momentum);
    Real* __restrict value = arrays.value;
    const Real* __restrict gradient = arrays.gradient;
    Real* __restrict mean_square = arrays.mean_square;
    Real* __restrict mean = arrays.mean;

    const auto push = [&](std::int64_t i) {
      mean_square[i] = rho * mean_square[i] + rest * (arrays.squares[i]);
      Real spread = mean_square[i];
      if constexpr (Centered) {
        mean[i] = rho * mean[i] + rest * gradient[i];
        spread -= mean[i] * mean[i];
      }
      return rate * gradient[i] / (std::sqrt(spread + under_root) + beside_root);
    };
    if (momentum == nullptr) {
      for (std::int64_t i = 0; i < count; ++i) value[i] -= push(i);
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        momentum[i] = friction * momentum[i] + push(i);
        value[i] -= momentum[i];
      }
    }
  }
};

// Keras's automatic name, from "RMSprop".
constexpr std::string_view default_name = "rm_sprop";

}  // namespace

OptimizerPtr rmsprop_from(SettingsReader& settings, const SchedulePtr& schedule) {
  RmspropSettings options;
  take_common_options(settings, schedule, options);
  options.rho = settings.number("rho", options.rho);
  options.momentum = settings.number("momentum", options.momentum);
  options.epsilon = settings.number("epsilon", options.epsilon);
  options.centered = settings.flag("centered", options.centered);
  options.is_legacy = settings.flag(legacy_setting, false);
  return std::make_shared<RmspropOptimizer>(options, settings.text("name", default_name));
}

OptimizerPtr optimizers::RMSprop(const RMSpropOptions& options) {
  return std::make_shared<RmspropOptimizer>(RmspropSettings{options}, std::string(default_name));
}

}  // namespace chronicler
