#include "chronicler/training/metrics/confusion_metrics.h"

#include <type_traits>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

// What is kept, in this order.
enum Count : std::size_t { true_positives, false_positives, true_negatives, false_negatives };

// A metric of these counts.
struct Kind {
  std::string_view class_name;
  std::string_view name;
  Direction direction;
  double (*result)(const std::vector<double>& counts);
};

constexpr Kind precision{"Precision", "precision", Direction::up,
                         [](const std::vector<double>& counts) {
                           return ratio_or_zero(counts[true_positives],
                                                counts[true_positives] + counts[false_positives]);
                         }};
constexpr Kind recall{"Recall", "recall", Direction::up, [](const std::vector<double>& counts) {
                        return ratio_or_zero(counts[true_positives],
                                             counts[true_positives] + counts[false_negatives]);
                      }};
constexpr Kind of_true_positives{
    "TruePositives", "true_positives", Direction::up,
    [](const std::vector<double>& counts) { return counts[true_positives]; }};
constexpr Kind of_true_negatives{
    "TrueNegatives", "true_negatives", Direction::up,
    [](const std::vector<double>& counts) { return counts[true_negatives]; }};
constexpr Kind of_false_positives{
    "FalsePositives", "false_positives", Direction::down,
    [](const std::vector<double>& counts) { return counts[false_positives]; }};
constexpr Kind of_false_negatives{
    "FalseNegatives", "false_negatives", Direction::down,
    [](const std::vector<double>& counts) { return counts[false_negatives]; }};

using Options = metrics::PrecisionOptions;

// Whether element i is among the k largest; of equal ones the first is.
template <class Real>
bool is_in_top(const Real* predictions, std::int64_t width, std::int64_t i, std::int64_t k) {
  std::int64_t before = 0;
  for (std::int64_t other = 0; other < width; ++other) {
    const bool ahead =
        predictions[other] > predictions[i] || (predictions[other] == predictions[i] && other < i);
    before += ahead ? 1 : 0;
  }
  return before < k;
}

class ConfusionMetric final : public NamedMetric {
 public:
  ConfusionMetric(MetricConfig config, const Kind& kind, const Options& options)
      : NamedMetric(std::move(config), 4), kind_(kind), options_(options) {}
  Direction direction() const override { return kind_.direction; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<ConfusionMetric>(config(), kind_, options_);
  }
  double result() const override { return kind_.result(numbers()); }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    check_class(y_pred.shape());
    for_counted_rows(
        y_true, y_pred, weight, mask, name(),
        [&](const auto* targets, const auto* predictions, std::int64_t width, double share) {
          const std::int64_t begin = options_.class_id.value_or(0);
          const std::int64_t end = options_.class_id ? begin + 1 : width;
          for (std::int64_t i = begin; i < end; ++i) {
            const bool is = targets[i] != 0;
            const bool said = says_yes(predictions, width, i);
            numbers()[is ? (said ? true_positives : false_negatives)
                         : (said ? false_positives : true_negatives)] += share;
          }
        });
  }

 private:
  template <class Real>
  bool says_yes(const Real* predictions, std::int64_t width, std::int64_t i) const {
    const auto threshold = static_cast<Real>(options_.thresholds.value_or(0.5));
    if (!options_.top_k) return predictions[i] > threshold;
    if (!is_in_top(predictions, width, i, *options_.top_k)) return false;
    return !options_.thresholds || predictions[i] > threshold;
  }

  void check_class(const Shape& y_pred) const {
    const std::int64_t width = PredictionRows(y_pred).width;
    if (!options_.class_id || (*options_.class_id >= 0 && *options_.class_id < width)) return;
    throw Error(
        fmt::format("class_id {} of {} is outside 0..{}", *options_.class_id, name(), width - 1));
  }

  const Kind& kind_;
  Options options_;
};

template <class Given>
MetricPtr make(const Kind& kind, const Given& given) {
  Options options;
  options.thresholds = given.thresholds;
  if constexpr (std::is_same_v<Given, Options>) options = given;
  return std::make_shared<ConfusionMetric>(metric_config(kind.class_name, kind.name, given), kind,
                                           options);
}

}  // namespace

MetricPtr metrics::Precision(const PrecisionOptions& options) { return make(precision, options); }

MetricPtr metrics::Recall(const PrecisionOptions& options) { return make(recall, options); }

MetricPtr metrics::TruePositives(const ThresholdOptions& options) {
  return make(of_true_positives, options);
}

MetricPtr metrics::TrueNegatives(const ThresholdOptions& options) {
  return make(of_true_negatives, options);
}

MetricPtr metrics::FalsePositives(const ThresholdOptions& options) {
  return make(of_false_positives, options);
}

MetricPtr metrics::FalseNegatives(const ThresholdOptions& options) {
  return make(of_false_negatives, options);
}

}  // namespace chronicler
