// What the metrics that count for themselves have in common: a name, the numbers they keep, and a
// walk over the rows of a batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/training/metric.h"
#include "layers/core/dispatch.h"
#include "training/losses/loss_targets.h"
#include "training/losses/prediction_rows.h"
#include "training/metrics/mean_metric.h"
#include "training/metrics/metric_config.h"
#include "training/spread.h"

namespace chronicler {

// How much each row of a batch counts: its weight, and nothing where the mask has 0.
class RowWeights {
 public:
  RowWeights(const TensorView& weight, const TensorView& mask, const Shape& y_pred)
      : weights_(Spread<float>::weights(weight, shape_of_rows(y_pred))),
        mask_(Spread<std::uint8_t>::mask(mask, shape_of_rows(y_pred))) {}

  double operator[](std::int64_t row) const {
    if (!mask_.empty() && mask_[row] == 0) return 0.0;
    return weights_.empty() ? 1.0 : static_cast<double>(weights_[row]);
  }

 private:
  Spread<float> weights_;
  Spread<std::uint8_t> mask_;
};

class NamedMetric : public Metric {
 public:
  std::string_view class_name() const final { return config_.class_name; }
  std::string_view name() const final { return config_.name; }
  std::vector<Setting> settings() const final { return config_.settings; }
  std::vector<double> state() const override { return numbers_; }
  void set_state(const std::vector<double>& state) override {
    if (!numbers_.empty()) check_metric_state(state, numbers_.size(), name());
    numbers_ = state;
  }
  void reset() override { std::fill(numbers_.begin(), numbers_.end(), 0.0); }

 protected:
  NamedMetric(MetricConfig config, std::size_t count)
      : config_(std::move(config)), numbers_(count) {}
  const MetricConfig& config() const { return config_; }

  std::vector<double>& numbers() { return numbers_; }
  const std::vector<double>& numbers() const { return numbers_; }

 private:
  MetricConfig config_;
  std::vector<double> numbers_;  // all that has been counted
};

// Calls function(targets, predictions, width, weight) for each row that counts, one after the
// other. Throws Error unless there is one target for each prediction.
template <class Function>
void for_counted_rows(const TensorView& y_true, const TensorView& y_pred, const TensorView& weight,
                      const TensorView& mask, std::string_view metric, const Function& function) {
  check_dense_targets(y_true, y_pred.shape(), {metric, "y"});
  const PredictionRows rows(y_pred.shape());
  const RowWeights weights(weight, mask, y_pred.shape());
  with_real(y_pred.dtype(), [&](auto real) {
    with_target(y_true.dtype(), [&](auto target) {
      const auto* targets = y_true.as<decltype(target)>();
      const auto* predictions = y_pred.as<decltype(real)>();
      for (std::int64_t row = 0; row < rows.count; ++row) {
        if (weights[row] == 0.0) continue;
        function(targets + row * rows.width, predictions + row * rows.width, rows.width,
                 weights[row]);
      }
    });
  });
}

// a / b, or 0 where b is 0.
inline double ratio_or_zero(double a, double b) { return b == 0.0 ? 0.0 : a / b; }

}  // namespace chronicler
