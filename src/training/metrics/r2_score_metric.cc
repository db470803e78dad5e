#include "chronicler/training/metrics/r2_score_metric.h"

#include <cmath>

#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

// Kept: the number of targets, then for each output the weight, and the weighted sums of targets,
// their squares and the squares of the errors.
class R2ScoreMetric final : public NamedMetric {
 public:
  explicit R2ScoreMetric(const metrics::R2ScoreOptions& options)
      : NamedMetric(metric_config("R2Score", "r2_score", options), 1), options_(options) {}
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<R2ScoreMetric>(options_);
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
    for (std::size_t i = 0; !options_.class_aggregation && i < outputs(); ++i)
      scores.push_back(counted(i) ? adjusted(score_of(i)) : 0.0);
    return scores;
  }

  double result() const override {
    if (outputs() == 0) return 0.0;
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < outputs(); ++i) {
      if (!counted(i)) return 0.0;
      const double weight =
          options_.class_aggregation == "variance_weighted_average" ? variance_of(i) : 1.0;
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
    const auto regressors = static_cast<double>(options_.num_regressors);
    if (options_.num_regressors == 0 || regressors >= samples - 1.0) return score;
    return 1.0 - (1.0 - score) * (samples - 1.0) / (samples - regressors - 1.0);
  }

  metrics::R2ScoreOptions options_;
};

}  // namespace

MetricPtr metrics::R2Score(const R2ScoreOptions& options) {
  return std::make_shared<R2ScoreMetric>(options);
}

}  // namespace chronicler
