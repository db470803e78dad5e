// Adam (Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015), AMSGrad (Reddi, Kale,
// Kumar: "On the convergence of Adam and beyond", ICLR 2018) and AdamW (Loshchilov, Hutter:
// "Decoupled weight decay regularization", ICLR 2019).
#include "chronicler/training/optimizers/adam.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "chronicler/base/error.h"
#include "kernels/adam.h"
#include "layers/core/dispatch.h"
#include "training/optimizers/beta_power.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

// Options: AdamOptions or AdamWOptions, which differ in their defaults and in their class's name.
template <class Options>
class AdamOptimizer final : public OptimizerWith<AdamOptimizer<Options>, Options> {
  using Base = OptimizerWith<AdamOptimizer<Options>, Options>;
  using Base::options;
  using Update = Optimizer::Update;

 public:
  explicit AdamOptimizer(const Options& given) : Base(given) {
    if (std::is_same_v<Options, optimizers::AdamWOptions> && !given.weight_decay) {
      throw Error("AdamW needs a weight_decay", "without one it is Adam");
    }
  }

 protected:
  std::size_t slots_per_parameter() const override { return options().amsgrad ? 3 : 2; }
  std::optional<Optimizer::MeanSquares> mean_squares_kept() const override {
    return Optimizer::MeanSquares{1, options().beta_2};
  }
  std::size_t slots_side_by_side() const override { return 2; }

  void update(const Update& update) const override {
    // Both means start at 0, which the paper corrects at every step. Here the correction is in the
    // rate, as at the end of the paper's section 2: epsilon is added to a root that is not
    // corrected.
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const Real missing_1 = Real{1} - beta_power<Real>(options().beta_1, update.step);
      const Real missing_2 = Real{1} - beta_power<Real>(options().beta_2, update.step);
      const Real rate = static_cast<Real>(update.learning_rate) * std::sqrt(missing_2) / missing_1;
      const std::int64_t count = update.value.size();
      Real* value = update.value.as<Real>();
      const Real* gradient = update.gradient.as<Real>();
      const GradientSquares<Real> squares(update.gradient, update.squares);
      Real* mean = update.slots[0].as<Real>();
      Real* mean_square = update.slots[1].as<Real>();
      if (options().amsgrad) {
        move_by_largest(count, rate, gradient, squares, value, mean, mean_square,
                        update.slots[2].as<Real>());
      } else {
        move(count, rate, gradient, squares, value, mean, mean_square);
      }
    });
  }

 private:
  // m += (1 - beta_1)(g - m);  v += (1 - beta_2)(g^2 - v);  w -= rate m / (sqrt(v) + epsilon)
  template <class Real>
  void move(std::int64_t count, Real rate, const Real* __restrict gradient,
            const GradientSquares<Real>& squares, Real* __restrict value, Real* __restrict mean,
            Real* __restrict mean_square) const {
    const auto share_1 = static_cast<Real>(1.0 - options().beta_1);
    const auto share_2 = static_cast<Real>(1.0 - options().beta_2);
    const auto epsilon = static_cast<Real>(options().epsilon);
    if constexpr (std::is_same_v<Real, float>) {
      return kernels::adam_step({rate, share_1, share_2, epsilon}, count, gradient,
                                squares.gathered(), value, mean, mean_square);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const Real m = mean[i] + share_1 * (gradient[i] - mean[i]);
      const Real v = mean_square[i] + share_2 * (squares[i] - mean_square[i]);
      mean[i] = m;
      mean_square[i] = v;
      value[i] -= rate * m / (std::sqrt(v) + epsilon);
    }
  }

  // As above, with the largest v so far in place of v.
  template <class Real>
  void move_by_largest(std::int64_t count, Real rate, const Real* __restrict gradient,
                       const GradientSquares<Real>& squares, Real* __restrict value,
                       Real* __restrict mean, Real* __restrict mean_square,
                       Real* __restrict largest) const {
    const auto share_1 = static_cast<Real>(1.0 - options().beta_1);
    const auto share_2 = static_cast<Real>(1.0 - options().beta_2);
    const auto epsilon = static_cast<Real>(options().epsilon);
    for (std::int64_t i = 0; i < count; ++i) {
      const Real m = mean[i] + share_1 * (gradient[i] - mean[i]);
      const Real v = mean_square[i] + share_2 * (squares[i] - mean_square[i]);
      mean[i] = m;
      mean_square[i] = v;
      largest[i] = std::max(largest[i], v);
      value[i] -= rate * m / (std::sqrt(largest[i]) + epsilon);
    }
  }
};

}  // namespace

OptimizerPtr optimizers::Adam(const AdamOptions& options) {
  return std::make_shared<AdamOptimizer<AdamOptions>>(options);
}

OptimizerPtr optimizers::AdamW(const AdamWOptions& options) {
  return std::make_shared<AdamOptimizer<AdamWOptions>>(options);
}

}  // namespace chronicler
