#include "chronicler/training/losses/cosine_similarity.h"

#include <algorithm>
#include <cmath>

#include "training/losses/row_loss.h"

namespace chronicler {
namespace {

// -sum(unit(y) unit(p)), where unit(x) = x min(1 / |x|, 1 / epsilon).
class CosineSimilarityLoss final
    : public RowLoss<CosineSimilarityLoss, losses::CosineSimilarityOptions> {
 public:
  using RowLoss::RowLoss;

  template <class Target, class Real>
  static double row(const Target* targets, const Real* predictions, Real* slope,
                    std::int64_t width) {
    double target_square = 0.0;
    double square = 0.0;
    double product = 0.0;
    for (std::int64_t i = 0; i < width; ++i) {
      const auto y = static_cast<double>(targets[i]);
      const auto p = static_cast<double>(predictions[i]);
      target_square += y * y;
      square += p * p;
      product += y * p;
    }
    const double target_scale = scale_of(target_square);
    const double scale = scale_of(square);
    const double cosine = product * target_scale * scale;
    if (slope != nullptr) {
      // A vector that is nearly zero is not turned, only scaled.
      const double along = scale < largest_scale ? cosine * scale * scale : 0.0;
      for (std::int64_t i = 0; i < width; ++i) {
        slope[i] = static_cast<Real>(along * static_cast<double>(predictions[i]) -
                                     static_cast<double>(targets[i]) * target_scale * scale);
      }
    }
    return -cosine;
  }

 private:
  static constexpr double largest_scale = 1.0 / loss_epsilon;
  static double scale_of(double square) { return std::min(1.0 / std::sqrt(square), largest_scale); }
};

}  // namespace

LossPtr losses::CosineSimilarity(const CosineSimilarityOptions& options) {
  return std::make_shared<CosineSimilarityLoss>(options);
}

}  // namespace chronicler
