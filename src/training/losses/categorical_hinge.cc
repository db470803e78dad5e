#include "chronicler/training/losses/categorical_hinge.h"

#include <algorithm>
#include <limits>

#include "training/losses/row_loss.h"

namespace chronicler {
namespace {

// max(max((1 - y) p) - sum(y p) + 1, 0)
class CategoricalHingeLoss final
    : public RowLoss<CategoricalHingeLoss, losses::CategoricalHingeOptions> {
 public:
  using RowLoss::RowLoss;

  template <class Target, class Real>
  static double row(const Target* targets, const Real* predictions, Real* slope,
                    std::int64_t width) {
    double right = 0.0;
    double wrong = -std::numeric_limits<double>::infinity();
    std::int64_t largest = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      const auto y = static_cast<double>(targets[i]);
      const auto p = static_cast<double>(predictions[i]);
      right += y * p;
      if ((1.0 - y) * p > wrong) {
        wrong = (1.0 - y) * p;
        largest = i;
      }
    }
    const double margin = wrong - right + 1.0;
    if (slope != nullptr) {
      const double share = margin >= 0.0 ? 1.0 : 0.0;
      for (std::int64_t i = 0; i < width; ++i) {
        const auto y = static_cast<double>(targets[i]);
        slope[i] = static_cast<Real>(share * ((i == largest ? 1.0 - y : 0.0) - y));
      }
    }
    return std::max(margin, 0.0);
  }
};

}  // namespace

LossPtr losses::CategoricalHinge(const CategoricalHingeOptions& options) {
  return std::make_shared<CategoricalHingeLoss>(options);
}

}  // namespace chronicler
