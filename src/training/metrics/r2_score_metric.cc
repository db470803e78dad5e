#include "training/metrics/r2_score_metric.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

constexpr std::array<std::string_view, 2> aggregations{"uniform_average",
                                                       "variance_weighted_average"};

// Kept: the number of targets, then for each output the weight, and the weighted sums of targets,
// their squares and the squares of the errors.
class R2ScoreMetric final : public NamedMetric {
 public:
  R2ScoreMetric(std::string name, std::string aggregation, std::int64_t regressors)
      : NamedMetric(std::move(name), 1),
        aggregation_(std::move(aggregation)),
        regressors_(regressors) {}
  std::string_view class_name() const override { return "R2Score"; }
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<R2ScoreMetric>(std::string(name()), aggregation_, regressors_);
  }
  std::vector<Setting> settings() const override {
    return settings_with(
        {{"class_aggregation", aggregation_.empty() ? SettingValue() : SettingValue(aggregation_)},
         {"num_regressors", regressors_}});
  }
  void set_state(const std::vector<double>& state) override { numbers() = state; }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    const auto outputs = static_cast<std::size_t>(PredictionRows(y_pred.shape()).width);
    if (numbers().size() != 1 + 4 * outputs) numbers().assign(1 + 4 * outputs, 0.0);
    for_counted_rows(
        y_true, y_pred, weight, mask, name(),
        [&](const auto* targets, const auto* predictions, std::int64_t width, double share) {
          numbers()[0] += static_cast<double>(width);
          for (std::int64_t i = 0; i < width; ++i) {
            const auto y = static_cast<double>(targets[i]);
            const double error = y - static_cast<double>(predictions[i]);
            double* sums = numbers().data() + 1 + 4 * i;
            sums[0] += share;
            sums[1] += share * y;
            sums[2] += share * y * y;
            sums[3] += share * error * error;
          }
        });
  }

  std::vector<double> results() const override {
    std::vector<double> scores;
    for (std::size_t i = 0; aggregation_.empty() && i < outputs(); ++i)
      scores.push_back(counted(i) ? adjusted(score_of(i)) : 0.0);
    return scores;
  }

  double result() const override {
    if (outputs() == 0) return 0.0;
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < outputs(); ++i) {
      if (!counted(i)) return 0.0;
      const double weight = aggregation_ == "variance_weighted_average" ? variance_of(i) : 1.0;
      sum += weight * score_of(i);
      weights += weight;
    }
    return adjusted(sum / weights);
  }

 private:
  std::size_t outputs() const { return numbers().size() / 4; }
  const double* sums_of(std::size_t output) const { return numbers().data() + 1 + 4 * output; }
  bool counted(std::size_t output) const { return sums_of(output)[0] != 0.0; }
  double variance_of(std::size_t output) const {
    const double* sums = sums_of(output);
    return sums[2] - sums[1] * sums[1] / sums[0];
  }
  double score_of(std::size_t output) const {
    const double raw = 1.0 - sums_of(output)[3] / variance_of(output);
    return std::isinf(raw) ? 0.0 : raw;
  }

  // For the number of explaining variables, if there are samples enough.
  double adjusted(double score) const {
    const double samples = numbers()[0];
    const auto regressors = static_cast<double>(regressors_);
    if (regressors_ == 0 || regressors >= samples - 1.0) return score;
    return 1.0 - (1.0 - score) * (samples - 1.0) / (samples - regressors - 1.0);
  }

  std::string aggregation_;  // empty: none
  std::int64_t regressors_;
};

}  // namespace

MetricPtr r2_score_from(SettingsReader& settings) {
  std::string name = take_metric_name(settings, "r2_score");
  const bool none = settings.is_null("class_aggregation");
  std::string aggregation = settings.text("class_aggregation", none ? "" : "uniform_average");
  const std::int64_t regressors = settings.whole("num_regressors", 0);
  if (!none &&
      std::find(aggregations.begin(), aggregations.end(), aggregation) == aggregations.end()) {
    unknown_name("class_aggregation of R2Score", aggregation, aggregations);
  }
  if (regressors < 0) {
    throw Error(fmt::format("num_regressors of R2Score must be at least 0, got {}", regressors));
  }
  return std::make_shared<R2ScoreMetric>(std::move(name), std::move(aggregation), regressors);
}

}  // namespace chronicler
