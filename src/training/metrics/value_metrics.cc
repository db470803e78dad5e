#include "training/metrics/value_metrics.h"

#include "training/metrics/named_metric.h"

namespace chronicler {
namespace {

// Kept: the weighted sum, and the weight.
class ValueMetric final : public NamedMetric {
 public:
  ValueMetric(std::string name, bool is_mean)
      : NamedMetric(std::move(name), 2), is_mean_(is_mean) {}
  std::string_view class_name() const override { return is_mean_ ? "Mean" : "Sum"; }
  Direction direction() const override { return Direction::unknown; }
  std::shared_ptr<Metric> fresh() const override {
    return std::make_shared<ValueMetric>(std::string(name()), is_mean_);
  }
  std::vector<Setting> settings() const override { return settings_with({}); }

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

MetricPtr mean_metric_from(SettingsReader& settings) {
  return std::make_shared<ValueMetric>(take_metric_name(settings, "mean"), true);
}

MetricPtr sum_metric_from(SettingsReader& settings) {
  return std::make_shared<ValueMetric>(take_metric_name(settings, "sum"), false);
}

}  // namespace chronicler
