#include "chronicler/training/losses/categorical_crossentropy.h"

#include <limits>
#include <type_traits>

#include "kernels/softmax.h"
#include "layers/core/dispatch.h"
#include "training/losses/class_rows.h"
#include "training/losses/loss_base.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"

namespace chronicler {
namespace {

// -sum(y ln q) over the classes: q is p divided by its sum, then kept within
// [epsilon, 1 - epsilon]; y is drawn towards 1/C by smoothing.
class CategoricalCrossentropyLoss final : public LossWith<losses::CategoricalCrossentropyOptions> {
 public:
  using LossWith::LossWith;

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_several_classes(y_pred, {name(), where});
    check_dense_targets(y_true, y_pred, {name(), where});
    check_target_range(y_true, 0.0, std::numeric_limits<double>::infinity(), {name(), where});
  }

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    for_each_row(y_true, y_pred, values, gradient,
                 [&](const auto* targets, const auto* predictions, auto* slope, std::int64_t at,
                     std::int64_t width) {
                   return options().from_logits
                              ? of_logits(targets + at, predictions + at, slope, width)
                              : of_probabilities(targets + at, predictions + at, slope, width);
                 });
  }

  bool takes_logits() const override { return true; }
  void logit_values(TensorView y_true, TensorView y_pred, const Logits& logits, TensorView values,
                    TensorView /*gradient*/, TensorView of_logits) const override {
    for_each_row(y_true, logits.data, values, of_logits,
                 [&](const auto* targets, const auto* scores, auto* slope, std::int64_t at,
                     std::int64_t width) {
                   using Real = std::decay_t<decltype(*scores)>;
                   if (!logits.is_softmax)
                     return this->of_logits(targets + at, scores + at, slope, width);
                   return of_softmax(targets + at, y_pred.as<Real>() + at, scores + at, slope,
                                     width);
                 });
  }

 private:
  // value = function(targets, numbers, slope of the row or null, place of the row, width)
  template <class Function>
  void for_each_row(const TensorView& y_true, const TensorView& numbers, const TensorView& values,
                    const TensorView& gradient, const Function& function) const {
    check_dense_targets(y_true, numbers.shape(), {name(), "y"});
    const PredictionRows rows(numbers.shape());
    with_real(numbers.dtype(), [&](auto real) {
      using Real = decltype(real);
      with_target(y_true.dtype(), [&](auto target) {
        Real* const slopes = gradient ? gradient.as<Real>() : nullptr;
        for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t at = row * rows.width;
            values.as<Real>()[row] = static_cast<Real>(
                function(y_true.as<decltype(target)>(), numbers.as<Real>(),
                         slopes == nullptr ? nullptr : slopes + at, at, rows.width));
          }
        });
      });
    });
  }

  template <class Target>
  double smooth(Target target, std::int64_t classes) const {
    return static_cast<double>(target) * (1.0 - options().label_smoothing) +
           options().label_smoothing / static_cast<double>(classes);
  }

  template <class Target, class Real>
  double of_probabilities(const Target* targets, const Real* p, Real* slope,
                          std::int64_t classes) const {
    double total = 0.0;
    for (std::int64_t i = 0; i < classes; ++i) total += static_cast<double>(p[i]);

    // dvalue/dq is -y/q where q is not clipped, and q_i = p_i / total, from which
    // dvalue/dp_i = (dvalue/dq_i - sum(dvalue/dq q)) / total.
    double value = 0.0;
    double slope_times_q = 0.0;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double target = smooth(targets[i], classes);
      if (target == 0.0) continue;
      const double q = static_cast<double>(p[i]) / total;
      value -= target * std::log(clipped_probability<Real>(q));
      if (!is_clipped<Real>(q)) slope_times_q -= target;
    }
    if (slope == nullptr) return value;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double target = smooth(targets[i], classes);
      const double q = static_cast<double>(p[i]) / total;
      const double slope_q = target == 0.0 || is_clipped<Real>(q) ? 0.0 : -target / q;
      slope[i] = static_cast<Real>((slope_q - slope_times_q) / total);
    }
    return value;
  }

  // p = softmax(z)
  template <class Target, class Real>
  double of_softmax(const Target* targets, const Real* p, const Real* z, Real* slope,
                    std::int64_t classes) const {
    const LogSoftmax log_parts(p, z, classes);
    double value = 0.0;
    double target_total = 0.0;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double target = smooth(targets[i], classes);
      target_total += target;
      if (target != 0.0) value -= target * log_parts[i];
    }
    if (slope == nullptr) return value;
    for (std::int64_t i = 0; i < classes; ++i) {
      slope[i] =
          static_cast<Real>(target_total * static_cast<double>(p[i]) - smooth(targets[i], classes));
    }
    return value;
  }

  template <class Target, class Real>
  double of_logits(const Target* targets, const Real* z, Real* slope, std::int64_t classes) const {
    const double log_total = kernels::log_sum_exp<double>(classes, z);
    double value = 0.0;
    double target_total = 0.0;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double target = smooth(targets[i], classes);
      value += target * (log_total - static_cast<double>(z[i]));
      target_total += target;
    }
    if (slope == nullptr) return value;
    for (std::int64_t i = 0; i < classes; ++i) {
      const double softmax = std::exp(static_cast<double>(z[i]) - log_total);
      slope[i] = static_cast<Real>(target_total * softmax - smooth(targets[i], classes));
    }
    return value;
  }
};

}  // namespace

LossPtr losses::CategoricalCrossentropy(const CategoricalCrossentropyOptions& options) {
  return std::make_shared<CategoricalCrossentropyLoss>(options);
}

}  // namespace chronicler
