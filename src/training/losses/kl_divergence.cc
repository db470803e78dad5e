#include "chronicler/training/losses/kl_divergence.h"

#include <algorithm>
#include <cmath>

#include "training/losses/row_loss.h"

namespace chronicler {
namespace {

// sum(y ln(y / p)), both kept within [epsilon, 1].
class KLDivergenceLoss final : public RowLoss<KLDivergenceLoss, losses::KLDivergenceOptions> {
 public:
  using RowLoss::RowLoss;

  template <class Target, class Real>
  static double row(const Target* targets, const Real* predictions, Real* slope,
                    std::int64_t width) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < width; ++i) {
      const double y = std::clamp(static_cast<double>(targets[i]), loss_epsilon, 1.0);
      const auto given = static_cast<double>(predictions[i]);
      const double p = std::clamp(given, loss_epsilon, 1.0);
      sum += y * std::log(y / p);
      if (slope != nullptr) slope[i] = given == p ? static_cast<Real>(-y / p) : Real{0};
    }
    return sum;
  }
};

}  // namespace

LossPtr losses::KLDivergence(const KLDivergenceOptions& options) {
  return std::make_shared<KLDivergenceLoss>(options);
}

}  // namespace chronicler
