#include "chronicler/training/metrics/value_metrics.h"

#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

// Kept: the weighted sum, and the weight.
class ValueMetric final : public NamedMetric {
 public:
  ValueMetric(MetricConfig config, bool is_mean)
      : NamedMetric(std::move(config), 2), is_mean_(is_mean) {}
  Direction direction() const override { return Direction::unknown; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<ValueMetric>(config(), is_mean_);
  }

  void update(TensorView /*y_true*/, TensorView y_pred, TensorView weight,
              TensorView mask) override {
    for_counted_rows(y_pred, y_pred, weight, mask, name(),
                     [&](const auto*, const auto* values, std::int64_t width, double share) {
                       for (std::int64_t i = 0; i < width; ++i) {
                         numbers()[0] += share * static_cast<double>(values[i]);
                         numbers()[1] += share;
                       }
                     });
  }
  double result() const override {
    return is_mean_ ? ratio_or_zero(numbers()[0], numbers()[1]) : numbers()[0];
  }

 private:
  bool is_mean_;
};

}  // namespace

MetricPtr metrics::Mean(const NameOptions& options) {
  return std::make_shared<ValueMetric>(metric_config("Mean", "mean", options), true);
}

MetricPtr metrics::Sum(const NameOptions& options) {
  return std::make_shared<ValueMetric>(metric_config("Sum", "sum", options), false);
}

}  // namespace chronicler
