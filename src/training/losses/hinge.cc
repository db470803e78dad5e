#include "chronicler/training/losses/hinge.h"

#include <algorithm>
#include <type_traits>

#include "training/losses/elementwise_loss.h"

namespace chronicler {
namespace {

// Whether all targets are 0 or 1, which then stand for -1 and 1.
bool are_zeros_and_ones(const TensorView& y_true) {
  return with_target(y_true.dtype(), [&](auto target) {
    using Target = decltype(target);
    const auto targets = y_true.span<Target>();
    return std::all_of(targets.begin(), targets.end(),
                       [](Target y) { return y == Target{0} || y == Target{1}; });
  });
}

// max(1 - y p, 0), or its square. Whether 0 stands for -1 depends on all targets of a batch.
template <class Options>
class HingeLoss final : public LossWith<Options> {
 public:
  using LossWith<Options>::LossWith;

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    check_dense_targets(y_true, y_pred.shape(), {this->name(), "y"});
    const bool zeros_and_ones = are_zeros_and_ones(y_true);
    compute_elements(y_true, y_pred, values, gradient, [&](double target, auto prediction) {
      return term(zeros_and_ones ? 2.0 * target - 1.0 : target, static_cast<double>(prediction));
    });
  }

 private:
  static LossTerm term(double sign, double prediction) {
    const double margin = 1.0 - sign * prediction;
    if (margin < 0.0) return {0.0, 0.0};
    constexpr bool squared = std::is_same_v<Options, losses::SquaredHingeOptions>;
    return squared ? LossTerm{margin * margin, -2.0 * margin * sign} : LossTerm{margin, -sign};
  }
};

}  // namespace

LossPtr losses::Hinge(const HingeOptions& options) {
  return std::make_shared<HingeLoss<HingeOptions>>(options);
}

LossPtr losses::SquaredHinge(const SquaredHingeOptions& options) {
  return std::make_shared<HingeLoss<SquaredHingeOptions>>(options);
}

}  // namespace chronicler
