#include "training/metrics/f_score_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/losses/loss_base.h"
#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

constexpr std::array<std::string_view, 3> averages{"micro", "macro", "weighted"};

struct Options {
  std::string average;  // empty: none
  double beta = 1.0;
  std::optional<double> threshold;  // empty: the largest of a row is yes
};

// Kept: true positives, false positives and false negatives of each class.
class FScoreMetric final : public NamedMetric {
 public:
  FScoreMetric(std::string name, bool is_f1, Options options)
      : NamedMetric(std::move(name), 0), is_f1_(is_f1), options_(std::move(options)) {}
  std::string_view class_name() const override { return is_f1_ ? "F1Score" : "FBetaScore"; }
  Direction direction() const override { return Direction::up; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<FScoreMetric>(std::string(name()), is_f1_, options_);
  }
  std::vector<Setting> settings() const override {
    std::vector<Setting> own{
        {"average", options_.average.empty() ? SettingValue() : SettingValue(options_.average)}};
    if (!is_f1_) own.push_back({"beta", options_.beta});
    own.push_back({"threshold", setting_or_null(options_.threshold)});
    return settings_with(std::move(own));
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
    for (std::size_t i = 0; options_.average.empty() && i < numbers().size(); i += 3)
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

  bool is_f1_;
  Options options_;
};

MetricPtr make(SettingsReader& settings, bool is_f1) {
  std::string name = take_metric_name(settings, is_f1 ? "f1_score" : "fbeta_score");
  Options options;
  options.average = settings.text("average", "");
  if (!is_f1) options.beta = settings.number("beta", 1.0);
  options.threshold = settings.optional_number("threshold");
  if (!options.average.empty() &&
      std::find(averages.begin(), averages.end(), options.average) == averages.end()) {
    unknown_name("average of an F-score", options.average, averages);
  }
  if (!(options.beta > 0.0)) {
    throw Error(fmt::format("beta of FBetaScore must be larger than 0, got {}", options.beta));
  }
  return std::make_shared<FScoreMetric>(std::move(name), is_f1, std::move(options));
}

}  // namespace

MetricPtr f_beta_score_from(SettingsReader& settings) { return make(settings, false); }
MetricPtr f1_score_from(SettingsReader& settings) { return make(settings, true); }

}  // namespace chronicler
