#include "chronicler/training/losses/sparse_categorical_crossentropy.h"

#include <algorithm>
#include <type_traits>

#include "kernels/softmax.h"
#include "layers/core/dispatch.h"
#include "training/losses/class_rows.h"
#include "training/losses/loss_base.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"

namespace chronicler {
namespace {

// -ln q[label]: q is p kept within [epsilon, 1 - epsilon], then divided by its sum (the order is
// TensorFlow's).
class SparseCategoricalCrossentropyLoss final
    : public LossWith<losses::SparseCategoricalCrossentropyOptions> {
 public:
  using LossWith::LossWith;

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_several_classes(y_pred, {name(), where});
    check_label_shape(y_true, y_pred, {name(), where});
    with_target(y_true.dtype(), [&](auto target) {
      const auto labels = y_true.span<decltype(target)>();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (is_ignored(labels[i]) || is_class(labels[i], y_pred[-1])) continue;
        label_outside(static_cast<double>(labels[i]), static_cast<std::int64_t>(i), y_true.shape(),
                      y_pred[-1], where);
      }
    });
  }

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    for_each_row(y_true, y_pred, values, gradient,
                 [&](std::int64_t label, const auto* predictions, auto* slope, std::int64_t at,
                     std::int64_t width) {
                   return options().from_logits
                              ? of_logits(label, predictions + at, slope, width)
                              : of_probabilities(label, predictions + at, slope, width);
                 });
  }

  // With an ignore_class Keras changes the predictions before it looks for logits.
  bool takes_logits() const override { return !options().ignore_class; }
  void logit_values(TensorView y_true, TensorView y_pred, const Logits& logits, TensorView values,
                    TensorView /*gradient*/, TensorView of_logits) const override {
    for_each_row(y_true, logits.data, values, of_logits,
                 [&](std::int64_t label, const auto* scores, auto* slope, std::int64_t at,
                     std::int64_t width) {
                   using Real = std::decay_t<decltype(*scores)>;
                   if (!logits.is_softmax) return this->of_logits(label, scores + at, slope, width);
                   return of_softmax(label, y_pred.as<Real>() + at, scores + at, slope, width);
                 });
  }

  void leave_out(TensorView y_true, std::span<std::uint8_t> counts) const override {
    if (!options().ignore_class) return;
    with_target(y_true.dtype(), [&](auto target) {
      const auto labels = y_true.span<decltype(target)>();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (is_ignored(labels[i])) counts[i] = 0;
      }
    });
  }

 private:
  // value = function(label, numbers, slope of the row or null, place of the row, width)
  template <class Function>
  void for_each_row(const TensorView& y_true, const TensorView& numbers, const TensorView& values,
                    const TensorView& gradient, const Function& function) const {
    check_label_shape(y_true, numbers.shape(), {name(), "y"});
    const PredictionRows rows(numbers.shape());
    with_real(numbers.dtype(), [&](auto real) {
      using Real = decltype(real);
      with_target(y_true.dtype(), [&](auto target) {
        const auto* labels = y_true.as<decltype(target)>();
        Real* const results = values.as<Real>();
        Real* const slopes = gradient ? gradient.as<Real>() : nullptr;
        for_rows(rows, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t at = row * rows.width;
            Real* const slope = slopes == nullptr ? nullptr : slopes + at;
            results[row] = Real{0};
            if (is_ignored(labels[row])) {
              if (slope != nullptr) std::fill_n(slope, rows.width, Real{0});
              continue;
            }
            if (!is_class(labels[row], rows.width)) {
              label_outside(static_cast<double>(labels[row]), row, y_true.shape(), rows.width, "y");
            }
            const auto label = static_cast<std::int64_t>(labels[row]);
            results[row] =
                static_cast<Real>(function(label, numbers.as<Real>(), slope, at, rows.width));
          }
        });
      });
    });
  }

  template <class Label>
  bool is_ignored(Label label) const {
    return options().ignore_class &&
           static_cast<double>(label) == static_cast<double>(*options().ignore_class);
  }
  template <class Label>
  static bool is_class(Label label, std::int64_t classes) {
    const auto number = static_cast<double>(label);
    return number >= 0.0 && number < static_cast<double>(classes) && number == std::floor(number);
  }

  template <class Real>
  static double of_probabilities(std::int64_t label, const Real* p, Real* slope,
                                 std::int64_t classes) {
    double total = 0.0;
    for (std::int64_t i = 0; i < classes; ++i) {
      total += clipped_probability<Real>(static_cast<double>(p[i]));
    }
    const auto own = static_cast<double>(p[label]);
    const double value = std::log(total) - std::log(clipped_probability<Real>(own));
    if (slope == nullptr) return value;
    for (std::int64_t i = 0; i < classes; ++i) {
      slope[i] =
          is_clipped<Real>(static_cast<double>(p[i])) ? Real{0} : static_cast<Real>(1.0 / total);
    }
    if (!is_clipped<Real>(own)) slope[label] = static_cast<Real>(1.0 / total - 1.0 / own);
    return value;
  }

  // p = softmax(z)
  template <class Real>
  static double of_softmax(std::int64_t label, const Real* p, const Real* z, Real* slope,
                           std::int64_t classes) {
    if (slope != nullptr) {
      std::copy_n(p, classes, slope);
      slope[label] -= Real{1};
    }
    return -LogSoftmax(p, z, classes)[label];
  }

  template <class Real>
  static double of_logits(std::int64_t label, const Real* z, Real* slope, std::int64_t classes) {
    const double log_total = kernels::log_sum_exp<double>(classes, z);
    if (slope != nullptr) {
      for (std::int64_t i = 0; i < classes; ++i) {
        const double softmax = std::exp(static_cast<double>(z[i]) - log_total);
        slope[i] = static_cast<Real>(i == label ? softmax - 1.0 : softmax);
      }
    }
    return log_total - static_cast<double>(z[label]);
  }
};

}  // namespace

LossPtr losses::SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options) {
  return std::make_shared<SparseCategoricalCrossentropyLoss>(options);
}

}  // namespace chronicler
