#include "tasks/forecast/loss.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace chronicler::tasks {
namespace {

class ForecastLoss final : public Loss {
 public:
  ForecastLoss(std::vector<double> quantiles, double weight)
      : Loss(Reduction::sum_over_batch_size), quantiles_(std::move(quantiles)), weight_(weight) {}
  std::string_view class_name() const override { return "ForecastLoss"; }
  std::string_view name() const override { return "forecast_loss"; }

  // Targets are fewer than predictions; who calls this knows both.
  void check(const TensorView&, const Shape&, std::string_view) const override {}

  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override {
    const auto heads = static_cast<std::int64_t>(quantiles_.size()) + 1;
    const std::int64_t horizon = y_true.shape()[y_true.shape().rank() - 1];
    const float* truth = y_true.as<float>();
    const float* predicted = y_pred.as<float>();
    float* slope = gradient ? gradient.as<float>() : nullptr;
    const double share = 1.0 / static_cast<double>(horizon);
    for (std::int64_t place = 0; place < values.size(); ++place) {
      double sum = 0.0;
      for (std::int64_t h = 0; h < horizon; ++h) {
        const float target = truth[place * horizon + h];
        const auto y = static_cast<double>(target);
        for (std::int64_t head = 0; head < heads; ++head) {
          const std::int64_t at = (place * heads + head) * horizon + h;
          double derivative = 0.0;
          if (target != missing_target) {
            const double error = static_cast<double>(predicted[at]) - y;
            if (head == 0) {
              sum += error * error;
              derivative = 2.0 * error;
            } else {
              const double q = quantiles_[static_cast<std::size_t>(head - 1)];
              derivative = weight_ * (error > 0.0 ? 1.0 - q : -q);
              sum += derivative * error;
            }
          }
          if (slope != nullptr) slope[at] = static_cast<float>(derivative * share);
        }
      }
      values.as<float>()[place] = static_cast<float>(sum * share);
    }
  }

 private:
  std::vector<double> quantiles_;
  double weight_;
};

}  // namespace

LossPtr forecast_loss(std::vector<double> quantiles, double weight) {
  return std::make_shared<ForecastLoss>(std::move(quantiles), weight);
}

}  // namespace chronicler::tasks
