#include "tasks/forecast/frame.h"

#include <algorithm>
#include <cmath>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

// Beyond this many deviations a value is as good as the limit: the network has seen nothing there.
constexpr double limit = 8.0;
float limited(double value) { return static_cast<float>(std::clamp(value, -limit, limit)); }

}  // namespace

ForecastFrame::ForecastFrame(const ForecastRecipe& recipe, const data::TimeSeries& series)
    : recipe_(recipe),
      rows_(series.rows()),
      channels_(static_cast<std::int64_t>(recipe.targets.size())),
      future_count_(static_cast<std::int64_t>(recipe.future.size())),
      covariate_count_(static_cast<std::int64_t>(recipe.covariates.size()) + future_count_) {
  for (std::int64_t which = 0; which < covariate_count_; ++which) {
    const auto column = static_cast<std::size_t>(channels_ + which);
    for (std::int64_t row = 0; row < rows_; ++row)
      covariates_.push_back(recipe.scales[column].scaled(series.at(row, column)));
  }
  const auto window = std::max<std::int64_t>(recipe.lookback, recipe.memory);
  for (std::int64_t channel = 0; channel < channels_; ++channel) {
    const auto column = static_cast<std::size_t>(channel);
    double sum = 0.0;
    for (std::int64_t row = 0; row < rows_; ++row) {
      observed_.push_back(series.is_observed(row, column) ? 1 : 0);
      // What is carried forward is what is not explained, not the number.
      z_.push_back(recipe.effects.empty() || row == 0 || observed_.back() != 0
                       ? recipe.scales[column].scaled(series.at(row, column)) -
                             explained(channel, row)
                       : z_.back());
      sum += z_.back();
      if (row >= window) sum -= z(channel, row - window);
      local_mean_.push_back(sum / static_cast<double>(std::min(row + 1, window)));
    }
  }
  if (recipe.calendar) {
    std::vector<std::int64_t> next(series.times.begin() + 1, series.times.end());
    next.push_back(series.time_after(1));
    calendar_ = data::calendar(next, recipe.clock.step, recipe.calendar_year);
    calendar_width_ = static_cast<std::int64_t>(calendar_.size()) / rows_;
  }
  steps_width_ = 4 + 2 * covariate_count_ + ahead_width() + calendar_width_;
  lags_width_ = recipe.lookback + covariate_count_ * recipe.covariate_lookback + ahead_width() +
                calendar_width_;
}

double ForecastFrame::explained(std::int64_t channel, std::int64_t row) const {
  if (recipe_.effects.empty()) return 0.0;
  const double* effects = &recipe_.effects[static_cast<std::size_t>(channel * future_count_)];
  double sum = 0.0;
  for (std::int64_t which = 0; which < future_count_; ++which)
    sum += effects[which] * known_ahead(which, row);
  return sum;
}

double ForecastFrame::known_ahead(std::int64_t which, std::int64_t row) const {
  return std::clamp(covariate(covariate_count_ - future_count_ + which, row), -limit, limit);
}

double ForecastFrame::forecast(std::int64_t channel, std::int64_t row, std::int64_t h,
                               double change) const {
  return recipe_.scales[static_cast<std::size_t>(channel)].original(
      z(channel, row) + recipe_.change * change + explained(channel, row + h));
}

float* ForecastFrame::write_ahead(std::int64_t row, float* to) const {
  for (std::int64_t which = 0; which < future_count_; ++which) {
    for (std::int64_t h = 1; h <= recipe_.horizon; ++h)
      *to++ = static_cast<float>(known_ahead(which, row + h));
  }
  return to;
}

void ForecastFrame::write_steps(std::int64_t channel, std::int64_t row, float* to) const {
  const double now = z(channel, row);
  const double before = z(channel, std::max<std::int64_t>(row - 1, 0));
  const double season = z(channel, std::max<std::int64_t>(row - recipe_.period, 0));
  *to++ = limited(now - local_mean_[static_cast<std::size_t>(channel * rows_ + row)]);
  *to++ = limited((now - before) / recipe_.step_change);
  *to++ = limited(now - season);
  *to++ = is_observed(channel, row) ? 0.0F : 1.0F;
  for (std::int64_t which = 0; which < covariate_count_; ++which) {
    *to++ = limited(covariate(which, row));
    *to++ = limited(covariate(which, row) - covariate(which, row - 1));
  }
  to = write_ahead(row, to);
  std::copy_n(calendar_.begin() + row * calendar_width_, calendar_width_, to);
}

void ForecastFrame::write_own_lags(std::int64_t channel, std::int64_t row, std::int64_t lookback,
                                   float* to) const {
  const double now = z(channel, row);
  *to++ = static_cast<float>(now);
  for (std::int64_t lag = 1; lag < lookback; ++lag)
    *to++ = static_cast<float>(z(channel, std::max<std::int64_t>(row - lag, 0)) - now);
}

void ForecastFrame::write_lags(std::int64_t channel, std::int64_t row, float* to) const {
  write_own_lags(channel, row, recipe_.lookback, to);
  to += recipe_.lookback;
  for (std::int64_t which = 0; which < covariate_count_; ++which) {
    const double now = covariate(which, row);
    for (std::int64_t lag = 0; lag < recipe_.covariate_lookback; ++lag)
      *to++ = limited(lag == 0 ? now : covariate(which, row - lag) - now);
  }
  to = write_ahead(row, to);
  std::copy_n(calendar_.begin() + row * calendar_width_, calendar_width_, to);
}

}  // namespace chronicler::tasks
