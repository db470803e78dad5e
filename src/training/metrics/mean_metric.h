// Metrics that are a weighted mean of one value for each prediction.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/training/metric.h"
#include "training/metrics/metric_config.h"

namespace chronicler {

// Throws Error unless there are `size` numbers in the state of a metric.
void check_metric_state(const std::vector<double>& state, std::size_t size,
                        std::string_view metric);

// Sums in double, in a fixed order. A sample counts 1 (or its weight) whatever the number of its
// steps, as in Keras.
class MeanMetric : public Metric {
 public:
  std::string_view class_name() const final { return config_.class_name; }
  std::string_view name() const final { return config_.name; }
  std::vector<Setting> settings() const final { return config_.settings; }
  void reset() override;
  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override;
  bool heeds_mask() const override { return true; }
  void see_share(double share) override { share_ = share; }
  double result() const override;  // 0 before the first update
  std::vector<double> state() const override { return {total_, count_}; }
  void set_state(const std::vector<double>& state) override;

 protected:
  explicit MeanMetric(MetricConfig config) : config_(std::move(config)) {}
  const MetricConfig& config() const { return config_; }
  bool is_empty() const { return count_ == 0.0; }

  // One value for each row of y_pred, in `values`.
  virtual void compute(TensorView y_true, TensorView y_pred, std::span<double> values) = 0;
  // Clears the flag of each prediction that does not count.
  virtual void leave_out(TensorView /*y_true*/, std::span<std::uint8_t> /*counts*/) const {}
  // Whether those that are left out count as 0 where neither weights nor a mask come along: Keras
  // joins what a loss leaves out to the weights, and without any it divides by all predictions.
  virtual bool dilutes() const { return true; }

 private:
  MetricConfig config_;
  double total_ = 0.0;
  double count_ = 0.0;
  double share_ = 1.0;
  std::vector<double> values_;
  std::vector<std::uint8_t> counts_;
};

}  // namespace chronicler
