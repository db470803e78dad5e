// Adadelta (Zeiler: "ADADELTA: an adaptive learning rate method", 2012).
#include "chronicler/training/optimizers/adadelta.h"

#include <cmath>

#include "layers/core/dispatch.h"
#include "training/optimizers/gradient_squares.h"
#include "training/optimizers/optimizer_settings.h"

namespace chronicler {
namespace {

class AdadeltaOptimizer final
    : public OptimizerWith<AdadeltaOptimizer, optimizers::AdadeltaOptions> {
 public:
  using OptimizerWith::OptimizerWith;

 protected:
  std::size_t slots_per_parameter() const override { return 2; }
  std::optional<Optimizer::MeanSquares> mean_squares_kept() const override {
    return Optimizer::MeanSquares{0, options().rho};
  }
  std::size_t slots_side_by_side() const override { return 2; }

  // A = rho A + (1 - rho) g^2;  f = sqrt(D + epsilon) / sqrt(A + epsilon);
  // D = rho D + (1 - rho) f^2 g^2;  w -= rate f g
  void update(const Update& update) const override {
    with_real(update.value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const std::int64_t count = update.value.size();
      Real* __restrict value = update.value.as<Real>();
      const Real* __restrict gradient = update.gradient.as<Real>();
      const GradientSquares<Real> squares(update.gradient, update.squares);
      Real* __restrict mean_square = update.slots[0].as<Real>();
      Real* __restrict mean_move = update.slots[1].as<Real>();
      const auto rate = static_cast<Real>(update.learning_rate);
      const auto rho = static_cast<Real>(options().rho);
      const auto share = static_cast<Real>(1.0 - options().rho);
      const auto epsilon = static_cast<Real>(options().epsilon);
      for (std::int64_t i = 0; i < count; ++i) {
        mean_square[i] = rho * mean_square[i] + share * squares[i];
        const Real factor = std::sqrt(mean_move[i] + epsilon) / std::sqrt(mean_square[i] + epsilon);
        mean_move[i] = rho * mean_move[i] + share * factor * factor * squares[i];
        value[i] -= rate * factor * gradient[i];
      }
    });
  }
};

}  // namespace

OptimizerPtr optimizers::Adadelta(const AdadeltaOptions& options) {
  return std::make_shared<AdadeltaOptimizer>(options);
}

}  // namespace chronicler
