#include "chronicler/training/metrics/f_score_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "training/losses/loss_base.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

using Options = metrics::FBetaScoreOptions;

// Kept: true positives, false positives and false negatives of each class.
class FScoreMetric final : public NamedMetric {
 public:
  FScoreMetric(MetricConfig config, Options options)
      : NamedMetric(std::move(config), 0), options_(std::move(options)) {}
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<FScoreMetric>(config(), options_);
  }

  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override {
    const auto classes = static_cast<std::size_t>(PredictionRows(y_pred.shape()).width);
    if (numbers().size() != 3 * classes) numbers().assign(3 * classes, 0.0);
    for_counted_rows(
        y_true, y_pred, weight, mask, name(),
        [&](const auto* targets, const auto* predictions, std::int64_t width, double share) {
          using Real = std::decay_t<decltype(*predictions)>;
          const Real largest = *std::max_element(predictions, predictions + width);
          const auto threshold = static_cast<Real>(options_.threshold.value_or(0.0));
          for (std::int64_t i = 0; i < width; ++i) {
            const Real value = predictions[i];
            const bool said = options_.threshold
                                  ? value > threshold
                                  : value >= largest && std::abs(value) > Real{1e-9F};
            const auto is = static_cast<double>(targets[i]);
            double* counts = numbers().data() + 3 * i;
            counts[0] += share * (said ? is : 0.0);
            counts[1] += share * (said ? 1.0 - is : 0.0);
            counts[2] += share * (said ? 0.0 : is);
          }
        });
  }

  std::vector<double> results() const override {
    std::vector<double> scores;
    for (std::size_t i = 0; !options_.average && i < numbers().size(); i += 3)
      scores.push_back(score(numbers().data() + i));
    return scores;
  }

  double result() const override {
    const std::size_t classes = numbers().size() / 3;
    if (classes == 0) return 0.0;
    if (options_.average == "micro") {
      std::array<double, 3> sums{};
      for (std::size_t i = 0; i < numbers().size(); ++i) sums[i % 3] += numbers()[i];
      return score(sums.data());
    }
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t i = 0; i < classes; ++i) {
      const double* counts = numbers().data() + 3 * i;
      const double weight = options_.average == "weighted" ? counts[0] + counts[2] : 1.0;
      sum += weight * score(counts);
      weights += weight;
    }
    return options_.average == "weighted" ? sum / (weights + loss_epsilon) : sum / weights;
  }

 private:
  double score(const double* counts) const {
    const double precision = counts[0] / (counts[0] + counts[1] + loss_epsilon);
    const double recall = counts[0] / (counts[0] + counts[2] + loss_epsilon);
    const double square = options_.beta * options_.beta;
    return (1.0 + square) * precision * recall / (square * precision + recall + loss_epsilon);
  }

  Options options_;
};

}  // namespace

MetricPtr metrics::F1Score(const F1ScoreOptions& options) {
  return std::make_shared<FScoreMetric>(
      metric_config("F1Score", "f1_score", options),
      Options{.average = options.average, .threshold = options.threshold});
}

MetricPtr metrics::FBetaScore(const FBetaScoreOptions& options) {
  return std::make_shared<FScoreMetric>(metric_config("FBetaScore", "fbeta_score", options),
                                        options);
}

}  // namespace chronicler
