// Nadam (Dozat: "Incorporating Nesterov momentum into Adam", 2016).
#include "chronicler/training/optimizers/nadam.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/beta_power.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class NadamOptimizer final : public OptimizerWith<NadamOptimizer, optimizers::NadamOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 2; }
  std::optional<Optimizer::MeanSquares> mean_squares_kept() const override {
    return Optimizer::MeanSquares{1, options().beta_2};
  }
  std::size_t slots_side_by_side() const override { return 2; }
  std::vector<float> first_numbers() const override { return {1.0F}; }

  void move_numbers(std::int64_t step, std::span<float> numbers) const override {
    numbers[0] = numbers[0] * static_cast<float>(options().beta_1) * growth<float>(step);
  }

  // u_t = beta_1 (1 - 0.96^t / 2), P the product of all u so far;  m and v as in Adam;
  // n = u_{t+1} m / (1 - P u_{t+1}) + (1 - u_t) g / (1 - P);
  // w -= rate n / (sqrt(v / (1 - beta_2^t)) + epsilon)
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      const GradientSquares<Real> squares(update.gradient, update.squares);
      Real* __restrict mean = update.slots[0].as<Real>();
      Real* __restrict mean_square = update.slots[1].as<Real>();
      const auto product = static_cast<Real>(update.numbers[0]);
      const auto next = momentum<Real>(update.step + 1);
      const Real mean_share = next / (Real{1} - product * next);
      const Real own_share = (Real{1} - momentum<Real>(update.step)) / (Real{1} - product);
      const Real correction = Real{1} / (Real{1} - beta_power<Real>(options().beta_2, update.step));
      const auto rate = static_cast<Real>(update.learning_rate);
      const Real share_1 = Real{1} - static_cast<Real>(options().beta_1);
      const Real share_2 = Real{1} - static_cast<Real>(options().beta_2);
      const auto epsilon = static_cast<Real>(options().epsilon);
      for (std::int64_t i = 0; i < count; ++i) {
        mean[i] += share_1 * (gradient[i] - mean[i]);
        mean_square[i] += share_2 * (squares[i] - mean_square[i]);
        const Real ahead = mean_share * mean[i] + own_share * gradient[i];
        value[i] -= rate * ahead / (std::sqrt(mean_square[i] * correction) + epsilon);
      }
    });
  }

 private:
  template <class Real>
  Real growth(std::int64_t step) const {
    const double time = options().schedule_decay * static_cast<double>(step);
    const auto power =
        static_cast<Real>(std::pow(static_cast<double>(static_cast<Real>(0.96)), time));
    return Real{1} - static_cast<Real>(0.5) * power;
  }
  template <class Real>
  Real momentum(std::int64_t step) const {
    return static_cast<Real>(options().beta_1) * growth<Real>(step);
  }
};

}  // namespace

OptimizerPtr optimizers::Nadam(const NadamOptions& options) {
  return std::make_shared<NadamOptimizer>(options);
}

}  // namespace chronicler
