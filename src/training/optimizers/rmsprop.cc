// RMSprop (Tieleman, Hinton: "Lecture 6.5", Coursera, 2012), with momentum and the centered variant
// (Graves: "Generating sequences with recurrent neural networks", 2013).
#include "chronicler/training/optimizers/rmsprop.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class RmspropOptimizer final : public OptimizerWith<RmspropOptimizer, optimizers::RMSpropOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  // The mean square, then the momentum, then the mean: those that are in use.
  std::size_t slots_per_parameter() const override {
    return std::size_t{1} + (has_momentum() ? 1 : 0) + (options().centered ? 1 : 0);
  }
  std::optional<Optimizer::MeanSquares> mean_squares_kept() const override {
    return Optimizer::MeanSquares{0, options().rho};
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
    const bool is_legacy = options().is_legacy_optimizer && momentum == nullptr;
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

}  // namespace

OptimizerPtr optimizers::RMSprop(const RMSpropOptions& options) {
  return std::make_shared<RmspropOptimizer>(options);
}

}  // namespace chronicler
