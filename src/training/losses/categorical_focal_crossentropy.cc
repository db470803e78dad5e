#include "chronicler/training/losses/categorical_focal_crossentropy.h"

#include <limits>

#include "kernels/softmax.h"
#include "training/losses/class_rows.h"
#include "training/losses/elementwise_loss.h"
#include "training/losses/focal.h"
#include "training/losses/row_loss.h"

namespace chronicler {
namespace {

// -sum(alpha (1 - q)^gamma y ln q): q is p divided by its sum, then kept within
// [epsilon, 1 - epsilon]; y is drawn towards 1/C by smoothing.
class CategoricalFocalCrossentropyLoss final
    : public RowLoss<CategoricalFocalCrossentropyLoss,
                     losses::CategoricalFocalCrossentropyOptions> {
 public:
  using RowLoss::RowLoss;

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_several_classes(y_pred, {name(), where});
    check_dense_targets(y_true, y_pred, {name(), where});
    check_target_range(y_true, 0.0, std::numeric_limits<double>::infinity(), {name(), where});
  }

  template <class Target, class Real>
  double row(const Target* targets, const Real* predictions, Real* slope,
             std::int64_t width) const {
    double value = 0.0;
    double slope_times_q = 0.0;
    const Shares<Real> shares(predictions, width, options().from_logits);
    for (std::int64_t i = 0; i < width; ++i) {
      const LossTerm term = of_share<Real>(static_cast<double>(targets[i]), shares[i], width);
      value += term.value;
      slope_times_q += term.slope * shares[i];
    }
    if (slope == nullptr) return value;
    // Through q_i = p_i / total, or through the softmax, which is the same with p_i = exp(z_i).
    for (std::int64_t i = 0; i < width; ++i) {
      const double through =
          of_share<Real>(static_cast<double>(targets[i]), shares[i], width).slope - slope_times_q;
      slope[i] = static_cast<Real>(through * shares.slope(i));
    }
    return value;
  }

 private:
  // The predictions of a row as parts of 1.
  template <class Real>
  class Shares {
   public:
    Shares(const Real* predictions, std::int64_t width, bool logits)
        : predictions_(predictions), logits_(logits) {
      if (logits) {
        total_ = kernels::log_sum_exp<double>(width, predictions);
      } else {
        for (std::int64_t i = 0; i < width; ++i) total_ += static_cast<double>(predictions[i]);
      }
    }
    double operator[](std::int64_t i) const {
      const auto given = static_cast<double>(predictions_[i]);
      return logits_ ? std::exp(given - total_) : given / total_;
    }
    // dvalue/dprediction_i = (dvalue/dq_i - sum(dvalue/dq q)) times this.
    double slope(std::int64_t i) const { return logits_ ? (*this)[i] : 1.0 / total_; }

   private:
    const Real* predictions_;
    bool logits_;
    double total_ = 0.0;
  };
  template <class Real>
  LossTerm of_share(double target, double q, std::int64_t width) const {
    const double y = target * (1.0 - options().label_smoothing) +
                     options().label_smoothing / static_cast<double>(width);
    const double p = clipped_probability<Real>(q);
    const Focus focus(1.0 - p, options().gamma);
    const double value = -options().alpha * y * focus.value * std::log(p);
    if (is_clipped<Real>(q)) return {value, 0.0};
    return {value, -options().alpha * y * (focus.value / p - focus.slope * std::log(p))};
  }
};

}  // namespace

LossPtr losses::CategoricalFocalCrossentropy(const CategoricalFocalCrossentropyOptions& options) {
  return std::make_shared<CategoricalFocalCrossentropyLoss>(options);
}

}  // namespace chronicler
