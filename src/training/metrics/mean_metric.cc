#include "training/metrics/mean_metric.h"

#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/sums.h"
#include "training/losses/prediction_rows.h"
#include "training/spread.h"

namespace chronicler {

void check_metric_state(const std::vector<double>& state, std::size_t size,
                        std::string_view metric) {
  if (state.size() == size) return;
  throw Error(
      fmt::format("the state of metric \"{}\" is {} numbers, got {}", metric, size, state.size()));
}

void MeanMetric::reset() {
  total_ = 0.0;
  count_ = 0.0;
}

void MeanMetric::update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) {
  const Shape shape = shape_of_rows(y_pred.shape());
  const std::int64_t size = shape.elements();
  if (size == 0) return;
  values_.resize(static_cast<std::size_t>(size));
  compute(y_true, y_pred, values_);

  const auto masks = Spread<std::uint8_t>::mask(mask, shape);
  counts_.assign(values_.size(), 1);
  if (!masks.empty()) {
    for (std::int64_t i = 0; i < size; ++i) counts_[static_cast<std::size_t>(i)] = masks[i];
  }
  const auto weights = Spread<float>::weights(weight, shape);
  if (!masks.empty() || !weights.empty() || !dilutes()) leave_out(y_true, counts_);

  const auto share = [&](std::int64_t i) {
    if (counts_[static_cast<std::size_t>(i)] == 0) return 0.0;
    return weights.empty() ? 1.0 : static_cast<double>(weights[i]);
  };
  const double steps = static_cast<double>(size) / static_cast<double>(shape[0]);
  const double total = sum_of(size, [&](std::int64_t i) {
    const double own = share(i);
    return own == 0.0 ? 0.0 : own * values_[static_cast<std::size_t>(i)];
  });
  total_ += total / steps * share_;
  count_ += sum_of(size, share) / steps * share_;
}

void MeanMetric::set_state(const std::vector<double>& state) {
  check_metric_state(state, 2, name());
  total_ = state[0];
  count_ = state[1];
}

double MeanMetric::result() const { return count_ == 0.0 ? 0.0 : total_ / count_; }

}  // namespace chronicler
