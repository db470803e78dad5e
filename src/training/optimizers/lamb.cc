// LAMB (You et al.: "Large batch optimization for deep learning", ICLR 2020).
#include "chronicler/training/optimizers/lamb.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "layers/core/sums.h"
#include "training/optimizers/beta_power.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class LambOptimizer final : public OptimizerWith<LambOptimizer, optimizers::LambOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 2; }
  std::optional<Optimizer::MeanSquares> mean_squares_kept() const override {
    return Optimizer::MeanSquares{1, options().beta_2};
  }
  std::size_t slots_side_by_side() const override { return 2; }

  bool measures() const override { return true; }

  // m and v as in Adam, and the squares of w and of r.
  Squares measure(const Update& update) const override {
    return with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real* value = update.value.as<Real>();
      const Real* gradient = update.gradient.as<Real>();
      Real* mean = update.slots[0].as<Real>();
      Real* mean_square = update.slots[1].as<Real>();
      const auto share_1 = static_cast<Real>(1.0 - options().beta_1);
      const auto share_2 = static_cast<Real>(1.0 - options().beta_2);
      const Direction<Real> direction(options(), update);
      const GradientSquares<Real> gradient_squares(update.gradient, update.squares);
      Squares squares;
      squares.step = sum_of(update.value.size(), [&](std::int64_t i) {
        mean[i] += share_1 * (gradient[i] - mean[i]);
        mean_square[i] += share_2 * (gradient_squares[i] - mean_square[i]);
        const auto step = static_cast<double>(direction(i));
        return step * step;
      });
      squares.value = sum_of(update.value.size(), [&](std::int64_t i) {
        return static_cast<double>(value[i]) * static_cast<double>(value[i]);
      });
      return squares;
    });
  }

  // w -= rate |w| / |r| r
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      Real* value = update.value.as<Real>();
      const auto rate = static_cast<Real>(update.learning_rate * update.scale);
      const Direction<Real> direction(options(), update);
      for (std::int64_t i = 0; i < update.value.size(); ++i) value[i] -= rate * direction(i);
    });
  }

 private:
  // r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
  template <class Real>
  class Direction {
   public:
    Direction(const optimizers::LambOptions& options, const Update& update)
        : mean_(update.slots[0].as<Real>()),
          mean_square_(update.slots[1].as<Real>()),
          scale_1_(correction(options.beta_1, update.step)),
          scale_2_(correction(options.beta_2, update.step)),
          epsilon_(static_cast<Real>(options.epsilon)) {}
    Real operator()(std::int64_t i) const {
      return mean_[i] * scale_1_ / (std::sqrt(mean_square_[i] * scale_2_) + epsilon_);
    }

   private:
    static Real correction(double beta, std::int64_t step) {
      return Real{1} / (Real{1} - beta_power<Real>(beta, step));
    }

    const Real* mean_;
    const Real* mean_square_;
    Real scale_1_;
    Real scale_2_;
    Real epsilon_;
  };
};

}  // namespace

OptimizerPtr optimizers::Lamb(const LambOptions& options) {
  return std::make_shared<LambOptimizer>(options);
}

}  // namespace chronicler
