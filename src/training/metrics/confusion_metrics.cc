#include "training/metrics/confusion_metrics.h"

#include <algorithm>
#include <optional>

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
  bool has_top_k;  // Precision and Recall
  double (*result)(const std::vector<double>& counts);
};

constexpr Kind precision{"Precision", "precision", Direction::up, true,
                         [](const std::vector<double>& counts) {
                           return ratio_or_zero(counts[true_positives],
                                                counts[true_positives] + counts[false_positives]);
                         }};
constexpr Kind recall{"Recall", "recall", Direction::up, true,
                      [](const std::vector<double>& counts) {
                        return ratio_or_zero(counts[true_positives],
                                             counts[true_positives] + counts[false_negatives]);
                      }};
constexpr Kind of_true_positives{
    "TruePositives", "true_positives", Direction::up, false,
    [](const std::vector<double>& counts) { return counts[true_positives]; }};
constexpr Kind of_true_negatives{
    "TrueNegatives", "true_negatives", Direction::up, false,
    [](const std::vector<double>& counts) { return counts[true_negatives]; }};
constexpr Kind of_false_positives{
    "FalsePositives", "false_positives", Direction::down, false,
    [](const std::vector<double>& counts) { return counts[false_positives]; }};
constexpr Kind of_false_negatives{
    "FalseNegatives", "false_negatives", Direction::down, false,
    [](const std::vector<double>& counts) { return counts[false_negatives]; }};

struct Options {
  std::optional<double> threshold;
  std::optional<std::int64_t> top_k;
  std::optional<std::int64_t> class_id;
};

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
  ConfusionMetric(std::string name, const Kind& kind, const Options& options)
      : NamedMetric(std::move(name), 4), kind_(kind), options_(options) {}
  std::string_view class_name() const override { return kind_.class_name; }
  Direction direction() const override { return kind_.direction; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<ConfusionMetric>(std::string(name()), kind_, options_);
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own{{"thresholds", setting_or_null(options_.threshold)}};
    if (kind_.has_top_k) {
      own.push_back({"top_k", setting_or_null(options_.top_k)});
      own.push_back({"class_id", setting_or_null(options_.class_id)});
    }
    return settings_with(std::move(own));
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
    const auto threshold = static_cast<Real>(options_.threshold.value_or(0.5));
    if (!options_.top_k) return predictions[i] > threshold;
    if (!is_in_top(predictions, width, i, *options_.top_k)) return false;
    return !options_.threshold || predictions[i] > threshold;
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

MetricPtr make(SettingsReader& settings, const Kind& kind) {
  std::string name = take_metric_name(settings, kind.name);
  Options options;
  const std::vector<double> thresholds = settings.numbers("thresholds");
  if (thresholds.size() > 1) {
    throw Error(fmt::format("{} has one threshold, got {}", kind.class_name, thresholds.size()),
                "make one metric for each threshold");
  }
  if (!thresholds.empty()) options.threshold = thresholds.front();
  if (kind.has_top_k) {
    options.top_k = settings.optional_whole("top_k");
    options.class_id = settings.optional_whole("class_id");
    if (options.top_k && *options.top_k < 1) {
      throw Error(
          fmt::format("top_k of {} must be at least 1, got {}", kind.class_name, *options.top_k));
    }
  }
  return std::make_shared<ConfusionMetric>(std::move(name), kind, options);
}

}  // namespace

MetricPtr precision_from(SettingsReader& settings) { return make(settings, precision); }
MetricPtr recall_from(SettingsReader& settings) { return make(settings, recall); }
MetricPtr true_positives_from(SettingsReader& settings) {
  return make(settings, of_true_positives);
}
MetricPtr true_negatives_from(SettingsReader& settings) {
  return make(settings, of_true_negatives);
}
MetricPtr false_positives_from(SettingsReader& settings) {
  return make(settings, of_false_positives);
}
MetricPtr false_negatives_from(SettingsReader& settings) {
  return make(settings, of_false_negatives);
}

}  // namespace chronicler
