#include "chronicler/training/losses/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/runtime.h"
#include "kernels/softmax.h"
#include "layers/core/dispatch.h"
#include "training/losses/class_rows.h"
#include "training/losses/loss_base.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"

namespace chronicler {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

// ln(exp(a) + exp(b))
double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == impossible ? a : a + std::log1p(std::exp(b - a));
}

// The labels of a row, without padding.
struct Labels {
  std::vector<std::int64_t> labels;
  std::int64_t repeats = 0;  // labels that are the same as the one before

  // A repeated label needs a blank before it.
  std::int64_t least_steps() const { return static_cast<std::int64_t>(labels.size()) + repeats; }
};

// One row: labels with blanks around each, b l1 b l2 b ... b, along the steps that count. From a
// symbol a path goes on to itself, to the next, or over a blank to a different label.
template <class Real>
class Alignment {
 public:
  // scores [steps][classes]: logits, of which those of the steps in `counted` are used.
  void start(const Labels& row, std::int64_t blank, const Real* scores, std::int64_t classes,
             const std::vector<std::int64_t>& counted) {
    blank_ = blank;
    scores_ = scores;
    classes_ = classes;
    counted_ = &counted;
    symbols_.assign(2 * row.labels.size() + 1, blank);
    for (std::size_t i = 0; i < row.labels.size(); ++i) symbols_[2 * i + 1] = row.labels[i];
    log_totals_.clear();
    for (const std::int64_t step : counted) {
      log_totals_.push_back(kernels::log_sum_exp<double>(classes, scores + step * classes));
    }
  }

  // -ln of the probability of the labels, all paths together.
  double value() {
    forward();
    const std::size_t last = symbols_.size() - 1;
    if (counted_->empty()) return 0.0;  // no steps, no labels: certain
    const double* end = forward_.data() + (counted_->size() - 1) * symbols_.size();
    log_probability_ = last == 0 ? end[0] : log_add(end[last], end[last - 1]);
    return -log_probability_;
  }

  // After value(): its derivative by the scores of the steps that count, softmax less the share of
  // paths that go through a class.
  void add_slope(Real* slope) {
    const std::size_t width = symbols_.size();
    after_.assign(width, impossible);
    after_[width - 1] = 0.0;
    if (width > 1) after_[width - 2] = 0.0;
    for (std::size_t t = counted_->size(); t-- > 0;) {
      shares_.assign(static_cast<std::size_t>(classes_), 0.0);
      const double* before = forward_.data() + t * width;
      for (std::size_t s = 0; s < width; ++s) {
        shares_[static_cast<std::size_t>(symbols_[s])] +=
            std::exp(before[s] + after_[s] - log_probability_);
      }
      Real* out = slope + (*counted_)[t] * classes_;
      for (std::int64_t k = 0; k < classes_; ++k) {
        const double softmax = std::exp(log_softmax(t, k));
        out[k] = static_cast<Real>(softmax - shares_[static_cast<std::size_t>(k)]);
      }
      if (t > 0) step_back(t);
    }
  }

 private:
  double log_softmax(std::size_t t, std::int64_t k) const {
    return static_cast<double>(scores_[(*counted_)[t] * classes_ + k]) - log_totals_[t];
  }
  bool may_skip_to(std::size_t s) const {
    return s >= 2 && symbols_[s] != blank_ && symbols_[s] != symbols_[s - 2];
  }

  // forward_[t][s]: ln of the probability of all ways to symbol s at step t, that step included.
  void forward() {
    const std::size_t width = symbols_.size();
    forward_.assign(counted_->size() * width, impossible);
    for (std::size_t t = 0; t < counted_->size(); ++t) {
      double* now = forward_.data() + t * width;
      if (t == 0) {
        now[0] = log_softmax(0, symbols_[0]);
        if (width > 1) now[1] = log_softmax(0, symbols_[1]);
        continue;
      }
      const double* before = now - width;
      for (std::size_t s = 0; s < width; ++s) {
        double ways = before[s];
        if (s >= 1) ways = log_add(ways, before[s - 1]);
        if (may_skip_to(s)) ways = log_add(ways, before[s - 2]);
        now[s] = ways + log_softmax(t, symbols_[s]);
      }
    }
  }

  // after_[s], ln of the probability of all ways on from symbol s at step t, becomes that of step
  // t - 1. Neither includes its own step.
  void step_back(std::size_t t) {
    const std::size_t width = symbols_.size();
    next_.assign(after_.begin(), after_.end());
    for (std::size_t s = 0; s < width; ++s) next_[s] += log_softmax(t, symbols_[s]);
    for (std::size_t s = 0; s < width; ++s) {
      double ways = next_[s];
      if (s + 1 < width) ways = log_add(ways, next_[s + 1]);
      if (s + 2 < width && may_skip_to(s + 2)) ways = log_add(ways, next_[s + 2]);
      after_[s] = ways;
    }
  }

  std::int64_t blank_ = 0;
  const Real* scores_ = nullptr;
  std::int64_t classes_ = 0;
  const std::vector<std::int64_t>* counted_ = nullptr;
  std::vector<std::int64_t> symbols_;
  std::vector<double> log_totals_;
  std::vector<double> forward_;
  std::vector<double> after_;
  std::vector<double> next_;
  std::vector<double> shares_;
  double log_probability_ = 0.0;
};

class CtcLoss final : public LossWith<losses::CTCOptions> {
 public:
  using LossWith::LossWith;

  void check(const TensorView& y_true, const Shape& y_pred, std::string_view where) const override {
    check_shapes(y_true, y_pred, where);
    with_target(y_true.dtype(), [&](auto target) {
      Labels labels;
      for (std::int64_t row = 0; row < y_true.shape()[0]; ++row) {
        read_labels<decltype(target)>(y_true, row, y_pred[2], where, labels);
        if (y_pred[1] >= 0) check_steps(labels, row, y_pred[1], where);
      }
    });
  }

  Shape values_shape(const Shape& y_pred) const override { return {y_pred[0]}; }
  bool takes_mask() const override { return options().input_length == "mask"; }

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    masked_values(y_true, y_pred, {}, values, gradient);
  }

  void masked_values(TensorView y_true, TensorView y_pred, TensorView mask, TensorView values,
                     TensorView gradient) const override {
    check_shapes(y_true, y_pred.shape(), "y");
    check_mask(mask, y_pred.shape());
    with_real(y_pred.dtype(), [&](auto real) {
      with_target(y_true.dtype(), [&](auto target) {
        Runtime::global().parallel(y_pred.shape()[0], [&](std::int64_t row) {
          compute_row<decltype(real), decltype(target)>({y_true, y_pred, mask, values, gradient},
                                                        row);
        });
      });
    });
  }

 private:
  struct Batch {
    TensorView y_true, y_pred, mask, values, gradient;
  };

  std::int64_t blank_of(std::int64_t classes) const {
    return options().blank < 0 ? classes + options().blank : options().blank;
  }

  void check_shapes(const TensorView& y_true, const Shape& y_pred, std::string_view where) const {
    if (y_pred.rank() != 3) {
      throw Error(fmt::format("{} needs predictions of shape (batch, steps, classes), got {}",
                              name(), y_pred.to_string()),
                  "set return_sequences=true on the last recurrent layer");
    }
    with_target(y_true.dtype(), [](auto) {});
    if (y_true.shape().rank() != 2 || y_true.shape()[0] != y_pred[0]) {
      throw Error(fmt::format("{} has shape {}, but {} needs labels of shape ({}, labels)", where,
                              y_true.shape().to_string(), name(), y_pred[0]),
                  "pad shorter rows with the blank");
    }
    const std::int64_t blank = blank_of(y_pred[2]);
    if (blank >= 0 && blank < y_pred[2]) return;
    throw Error(fmt::format("the blank of {} is {}, which is none of the {} classes", name(),
                            options().blank, y_pred[2]));
  }

  static void check_mask(const TensorView& mask, const Shape& y_pred) {
    if (!mask || mask.shape() == Shape{y_pred[0], y_pred[1]}) return;
    throw Error(fmt::format("the mask has shape {}, but predictions of shape {} need ({}, {})",
                            mask.shape().to_string(), y_pred.to_string(), y_pred[0], y_pred[1]));
  }

  // The labels of a row up to the padding: blanks, or numbers below 0.
  template <class Target>
  void read_labels(const TensorView& y_true, std::int64_t row, std::int64_t classes,
                   std::string_view where, Labels& into) const {
    const std::int64_t width = y_true.shape()[1];
    const std::int64_t blank = blank_of(classes);
    const Target* given = y_true.as<Target>() + row * width;
    into.labels.clear();
    into.repeats = 0;
    bool padded = false;
    for (std::int64_t i = 0; i < width; ++i) {
      const auto number = static_cast<double>(given[i]);
      if (number < 0.0 || number == static_cast<double>(blank)) {
        padded = true;
        continue;
      }
      if (!(number < static_cast<double>(classes)) || number != std::floor(number)) {
        label_outside(number, row * width + i, y_true.shape(), classes, where);
      }
      if (padded) {
        throw Error(fmt::format("row {} of {} has the label {} after padding", row, where, number),
                    fmt::format("{} is the blank and the padding: labels come first", blank));
      }
      const auto label = static_cast<std::int64_t>(number);
      if (!into.labels.empty() && into.labels.back() == label) ++into.repeats;
      into.labels.push_back(label);
    }
  }

  static void check_steps(const Labels& row, std::int64_t index, std::int64_t steps,
                          std::string_view where) {
    if (steps >= row.least_steps()) return;
    throw Error(fmt::format("row {} of {} has {} labels, {} of them repeated, which need {} steps, "
                            "but its prediction has {}",
                            index, where, row.labels.size(), row.repeats, row.least_steps(), steps),
                "leave such rows out, or let the layers before keep more steps");
  }

  template <class Real, class Target>
  void compute_row(const Batch& batch, std::int64_t row) const {
    thread_local Labels labels;
    thread_local std::vector<std::int64_t> counted;
    thread_local Alignment<Real> alignment;
    const std::int64_t steps = batch.y_pred.shape()[1];
    const std::int64_t classes = batch.y_pred.shape()[2];
    read_labels<Target>(batch.y_true, row, classes, "y", labels);
    counted.clear();
    for (std::int64_t t = 0; t < steps; ++t) {
      const bool counts = !batch.mask || batch.mask.as<std::uint8_t>()[row * steps + t] != 0;
      if (counts) counted.push_back(t);
    }
    check_steps(labels, row, static_cast<std::int64_t>(counted.size()), "y");
    const std::int64_t at = row * steps * classes;
    alignment.start(labels, blank_of(classes), batch.y_pred.as<Real>() + at, classes, counted);
    batch.values.as<Real>()[row] = static_cast<Real>(alignment.value());
    if (!batch.gradient) return;
    Real* slope = batch.gradient.as<Real>() + at;
    std::fill_n(slope, steps * classes, Real{0});
    alignment.add_slope(slope);
  }
};

}  // namespace

LossPtr losses::CTC(const CTCOptions& options) { return std::make_shared<CtcLoss>(options); }

}  // namespace chronicler
