#include "chronicler/training/metrics/auc_metric.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/loss_base.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

using metrics::AUCOptions;

// Weights of what is above each threshold.
struct Counts {
  std::vector<double> true_positives;
  std::vector<double> false_positives;
  double positives = 0.0;
  double negatives = 0.0;

  std::size_t size() const { return true_positives.size(); }
};

// Kept: for each threshold the weight of the positives, then of the negatives, that lie above it
// and not above the next; with multi_label so for each label.
class AucMetric final : public NamedMetric {
 public:
  explicit AucMetric(const AUCOptions& options)
      : NamedMetric(metric_config("AUC", "auc", options),
                    2 * static_cast<std::size_t>(options.num_thresholds) *
                        std::max<std::size_t>(1, labels_of(options))),
        options_(options) {}
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override { return std::make_shared<AucMetric>(options_); }

  void set_state(const std::vector<double>& state) override {
    if (!options_.multi_label) {
      NamedMetric::set_state(state);
    } else {
      numbers() = state;  // of as many labels as there were
    }
  }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    const std::int64_t columns = PredictionRows(y_pred.shape()).width;
    check_labels(static_cast<std::size_t>(columns));
    if (options_.multi_label)
      numbers().resize(2 * thresholds() * static_cast<std::size_t>(columns));
    for_counted_rows(
        y_true, y_pred, weight, mask, name(),
        [&](const auto* targets, const auto* predictions, std::int64_t width, double share) {
          for (std::int64_t i = 0; i < width; ++i) {
            const auto column = static_cast<std::size_t>(i);
            const std::size_t label = options_.multi_label ? 2 * thresholds() * column : 0;
            const std::size_t kind = targets[i] != 0 ? 0 : thresholds();
            const bool weighs = !options_.multi_label && !options_.label_weights.empty();
            numbers()[label + kind + place_of(static_cast<float>(predictions[i]))] +=
                weighs ? share * options_.label_weights[column] : share;
          }
        });
  }

  double result() const override {
    const std::size_t labels = numbers().size() / (2 * thresholds());
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t label = 0; label < labels; ++label) {
      const bool weighs = options_.multi_label && !options_.label_weights.empty();
      const double weight = weighs ? options_.label_weights[label] : 1.0;
      sum += weight * area(counted(label));
      weights += weight;
    }
    return ratio_or_zero(sum, weights);
  }

 private:
  static std::size_t labels_of(const AUCOptions& options) {
    return options.multi_label ? options.label_weights.size() : 1;
  }

  void check_labels(std::size_t columns) const {
    const std::size_t expected = options_.label_weights.size();
    if (expected == 0 || expected == columns) return;
    throw Error(
        fmt::format("AUC has {} label_weights, the predictions have {} labels", expected, columns),
        "give one weight for each label");
  }

  double area(const Counts& counts) const {
    const bool interpolates = options_.summation_method == "interpolation";
    if (options_.curve == "PR" && interpolates) return interpolated_precision(counts);
    const auto x = [&](std::size_t i) {
      return options_.curve == "PR" ? ratio_or_zero(counts.true_positives[i], counts.positives)
                                    : ratio_or_zero(counts.false_positives[i], counts.negatives);
    };
    const auto y = [&](std::size_t i) {
      return options_.curve == "PR"
                 ? ratio_or_zero(counts.true_positives[i],
                                 counts.true_positives[i] + counts.false_positives[i])
                 : ratio_or_zero(counts.true_positives[i], counts.positives);
    };
    double area = 0.0;
    for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
      area += (x(i) - x(i + 1)) * height(y(i), y(i + 1));
    }
    return area;
  }

  std::size_t thresholds() const { return static_cast<std::size_t>(options_.num_thresholds); }

  // The last threshold that the prediction is above; all are above the first, which is below 0.
  std::size_t place_of(float prediction) const {
    if (options_.from_logits) prediction = 1.0F / (1.0F + std::exp(-prediction));
    const float p = std::clamp(prediction, 0.0F, 1.0F);
    if (options_.thresholds.empty()) {
      const auto intervals = static_cast<float>(options_.num_thresholds - 1);
      return static_cast<std::size_t>(std::max(0.0F, std::ceil(p * intervals) - 1.0F));
    }
    const auto above = std::lower_bound(
        options_.thresholds.begin(), options_.thresholds.end(), p,
        [](double threshold, float own) { return static_cast<float>(threshold) < own; });
    return static_cast<std::size_t>(above - options_.thresholds.begin());
  }

  Counts counted(std::size_t label) const {
    const double* own = numbers().data() + 2 * thresholds() * label;
    Counts counts{std::vector<double>(thresholds()), std::vector<double>(thresholds())};
    for (std::size_t i = thresholds(); i-- > 0;) {
      counts.positives += own[i];
      counts.negatives += own[thresholds() + i];
      counts.true_positives[i] = counts.positives;
      counts.false_positives[i] = counts.negatives;
    }
    return counts;
  }

  double height(double a, double b) const {
    if (options_.summation_method == "minoring") return std::min(a, b);
    if (options_.summation_method == "majoring") return std::max(a, b);
    return (a + b) / 2.0;
  }

  // Davis and Goadrich 2006: between two thresholds the true positives grow in proportion to all
  // positives, precision does not.
  static double interpolated_precision(const Counts& counts) {
    double area = 0.0;
    for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
      const double all = counts.true_positives[i] + counts.false_positives[i];
      const double next = counts.true_positives[i + 1] + counts.false_positives[i + 1];
      const double gained = counts.true_positives[i] - counts.true_positives[i + 1];
      const double slope = ratio_or_zero(gained, std::max(all - next, 0.0));
      const double intercept = counts.true_positives[i + 1] - slope * next;
      const double safe_ratio = all > 0.0 && next > 0.0 ? all / next : 1.0;
      area += ratio_or_zero(slope * (gained + intercept * std::log(safe_ratio)), counts.positives);
    }
    return area;
  }

  AUCOptions options_;  // thresholds: growing; num_thresholds: with one below all and one above
};

// The options with what follows from others.
AUCOptions completed(AUCOptions options) {
  check_fields("AUC", options);
  options.num_labels.reset();
  if (!options.label_weights.empty())
    options.num_labels = static_cast<std::int64_t>(options.label_weights.size());
  if (options.thresholds.empty()) return options;
  std::sort(options.thresholds.begin(), options.thresholds.end());
  options.num_thresholds = static_cast<std::int64_t>(options.thresholds.size()) + 2;
  return options;
}

}  // namespace

MetricPtr metrics::AUC(const AUCOptions& options) {
  return std::make_shared<AucMetric>(completed(options));
}

}  // namespace chronicler
