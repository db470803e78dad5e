#include "tasks/forecast/scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

using Predictions = std::vector<double> ChannelForecasts::*;

constexpr std::uint64_t resamples = 1000;

// Sums over the truths that count.
struct Sums {
  double squares = 0.0;
  double distance = 0.0;
  double relative = 0.0;
  double symmetric = 0.0;
  double count = 0.0;
  void add(double truth, double predicted) {
    const double error = predicted - truth;
    squares += error * error;
    distance += std::abs(error);
    relative += std::abs(error) / std::abs(truth);
    const double size = std::abs(truth) + std::abs(predicted);
    symmetric += size > 0.0 ? 2.0 * std::abs(error) / size : 0.0;
    count += 1.0;
  }
};

double finite_or_nan(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

ForecastScore score(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
                    Predictions predicted, std::string name) {
  ForecastScore result;
  result.name = std::move(name);
  Sums all;
  std::vector<Sums> steps(static_cast<std::size_t>(horizon));
  const auto share = 1.0 / static_cast<double>(channels.size());
  for (const ChannelForecasts& channel : channels) {
    Sums own;
    for (std::size_t i = 0; i < channel.truth.size(); ++i) {
      if (std::isnan(channel.truth[i])) continue;
      own.add(channel.truth[i], (channel.*predicted)[i]);
      all.add(channel.truth[i], (channel.*predicted)[i]);
      steps[i % static_cast<std::size_t>(horizon)].add(channel.truth[i], (channel.*predicted)[i]);
    }
    const double deviation = channel.deviation;
    result.mse_scaled += share * own.squares / own.count / (deviation * deviation);
    result.mae_scaled += share * own.distance / own.count / deviation;
    result.mase += share * own.distance / own.count / channel.seasonal_error;
  }
  result.rmse = std::sqrt(all.squares / all.count);
  result.mae = all.distance / all.count;
  result.mape = finite_or_nan(100.0 * all.relative / all.count);
  result.smape = 100.0 * all.symmetric / all.count;
  for (const Sums& step : steps) {
    result.rmse_by_step.push_back(std::sqrt(step.squares / step.count));
    result.mape_by_step.push_back(finite_or_nan(100.0 * step.relative / step.count));
  }
  return result;
}

// The squared error of each forecast over all channels and steps, in scaled units.
std::vector<double> losses(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
                           Predictions predicted) {
  std::vector<double> result(channels.front().last.size(), 0.0);
  for (const ChannelForecasts& channel : channels) {
    for (std::size_t i = 0; i < channel.truth.size(); ++i) {
      if (std::isnan(channel.truth[i])) continue;
      const double error = ((channel.*predicted)[i] - channel.truth[i]) / channel.deviation;
      result[i / static_cast<std::size_t>(horizon)] += error * error;
    }
  }
  return result;
}

struct Interval {
  double low;
  double high;
};

// 95 % of what `statistic(weights of the sums)` gives when stretches of the forecasts are drawn
// anew: neighbouring forecasts err together, so they are drawn together.
template <class Statistic>
Interval bootstrap(std::size_t count, std::int64_t horizon, const Statistic& statistic) {
  const auto length = std::min<std::size_t>(
      std::max<std::size_t>(static_cast<std::size_t>(2 * horizon),
                            static_cast<std::size_t>(std::cbrt(static_cast<double>(count))) + 1),
      std::max<std::size_t>(count / 4, 1));
  const std::size_t blocks = (count + length - 1) / length;
  const Random random(20260101);
  std::vector<double> values;
  std::vector<std::size_t> starts(blocks);
  for (std::uint64_t sample = 0; sample < resamples; ++sample) {
    for (std::size_t block = 0; block < blocks; ++block)
      starts[block] = static_cast<std::size_t>(random.below(count, sample, block));
    values.push_back(statistic(starts, length));
  }
  std::sort(values.begin(), values.end());
  return {values[resamples / 40], values[resamples - 1 - resamples / 40]};
}

void measure_gain(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
                  Predictions rival, ForecastReport& report) {
  const std::vector<double> own = losses(channels, horizon, &ChannelForecasts::model);
  const std::vector<double> other = losses(channels, horizon, rival);
  // Running sums over the forecasts twice round, so that any stretch is one subtraction.
  const auto running = [](const std::vector<double>& values) {
    std::vector<double> sums{0.0};
    for (std::size_t i = 0; i < 2 * values.size(); ++i)
      sums.push_back(sums.back() + values[i % values.size()]);
    return sums;
  };
  const std::vector<double> own_sums = running(own);
  const std::vector<double> other_sums = running(other);
  const auto gain = [](double own_sum, double other_sum) {
    return other_sum > 0.0 ? 1.0 - own_sum / other_sum : 0.0;
  };
  report.gain = gain(own_sums[own.size()], other_sums[own.size()]);
  const Interval interval = bootstrap(
      own.size(), horizon, [&](const std::vector<std::size_t>& starts, std::size_t length) {
        double own_sum = 0.0;
        double other_sum = 0.0;
        for (const std::size_t start : starts) {
          own_sum += own_sums[start + length] - own_sums[start];
          other_sum += other_sums[start + length] - other_sums[start];
        }
        return gain(own_sum, other_sum);
      });
  report.gain_low = interval.low;
  report.gain_high = interval.high;
}

// Up or down at the last step, over all channels.
void measure_direction(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
                       ForecastReport& report) {
  std::vector<double> right;
  double ups = 0.0;
  for (const ChannelForecasts& channel : channels) {
    for (std::size_t n = 0; n < channel.last.size(); ++n) {
      const std::size_t at = (n + 1) * static_cast<std::size_t>(horizon) - 1;
      const double change = channel.truth[at] - channel.last[n];
      if (std::isnan(change) || change == 0.0) continue;
      right.push_back((channel.model[at] > channel.last[n]) == (change > 0.0) ? 1.0 : 0.0);
      ups += change > 0.0 ? 1.0 : 0.0;
    }
  }
  if (right.empty()) return;
  const auto count = static_cast<double>(right.size());
  double sum = 0.0;
  for (const double one : right) sum += one;
  report.direction = sum / count;
  report.always_one_way = std::max(ups, count - ups) / count;
  const Interval interval = bootstrap(
      right.size(), horizon, [&](const std::vector<std::size_t>& starts, std::size_t length) {
        double total = 0.0;
        for (const std::size_t start : starts) {
          for (std::size_t i = 0; i < length; ++i) total += right[(start + i) % right.size()];
        }
        return total / static_cast<double>(starts.size() * length);
      });
  report.direction_low = interval.low;
  report.direction_high = interval.high;
}

void measure_coverage(const std::vector<ChannelForecasts>& channels, ForecastReport& report) {
  double inside = 0.0;
  double count = 0.0;
  for (const ChannelForecasts& channel : channels) {
    for (std::size_t i = 0; i < channel.low.size(); ++i) {
      if (std::isnan(channel.truth[i])) continue;
      inside += channel.truth[i] >= channel.low[i] && channel.truth[i] <= channel.high[i] ? 1 : 0;
      count += 1.0;
    }
  }
  report.coverage = count > 0.0 ? inside / count : 0.0;
}

// With as many digits as it takes for the two to differ.
std::string against(double own, double other) {
  for (int digits = 4; digits < 8; ++digits) {
    const std::string a = fmt::format("{:.{}g}", own, digits);
    const std::string b = fmt::format("{:.{}g}", other, digits);
    if (a != b || digits == 7) return fmt::format("({} against {})", a, b);
  }
  return {};
}

std::string verdict_of(const ForecastReport& report) {
  const ForecastScore& rival = report.best_baseline();
  const std::string pair = against(report.model.rmse, rival.rmse);
  const std::string no_edge = " No edge is shown: the series behaves like a random walk.";
  if (report.model.rmse >= rival.rmse) {
    return fmt::format("The model does not beat \"{}\" {}.{}", rival.name, pair,
                       report.is_random_walk ? no_edge : "");
  }
  if (report.is_random_walk) {
    return fmt::format("The model does not beat \"{}\" by more than chance {}.{}", rival.name, pair,
                       no_edge);
  }
  if (report.gain_low <= 0.0) {
    return fmt::format(
        "The model is ahead of every baseline, next is \"{}\" {}, but not by more than chance.",
        rival.name, pair);
  }
  return fmt::format("The model beats every baseline, next is \"{}\" {}.", rival.name, pair);
}

}  // namespace

const ForecastScore& ForecastReport::best_baseline() const {
  const std::array<const ForecastScore*, 3> all{&repeat_last, &seasonal_naive, &linear_ar};
  return **std::min_element(all.begin(), all.end(),
                            [](const auto* a, const auto* b) { return a->rmse < b->rmse; });
}

void compare(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
             ForecastReport& report) {
  report.model = score(channels, horizon, &ChannelForecasts::model, "model");
  report.repeat_last =
      score(channels, horizon, &ChannelForecasts::repeat_last, "repeat last value");
  report.seasonal_naive =
      score(channels, horizon, &ChannelForecasts::seasonal_naive, "seasonal naive");
  report.linear_ar =
      score(channels, horizon, &ChannelForecasts::linear_ar, "linear autoregression");
  report.forecasts = static_cast<std::int64_t>(channels.front().last.size());
  report.left_out = 0;
  for (const ChannelForecasts& channel : channels) {
    report.left_out += std::count_if(channel.truth.begin(), channel.truth.end(),
                                     [](double value) { return std::isnan(value); });
  }
  const ForecastScore& rival = report.best_baseline();
  const Predictions predicted = &rival == &report.repeat_last ? &ChannelForecasts::repeat_last
                                : &rival == &report.seasonal_naive
                                    ? &ChannelForecasts::seasonal_naive
                                    : &ChannelForecasts::linear_ar;
  measure_gain(channels, horizon, predicted, report);
  measure_direction(channels, horizon, report);
  measure_coverage(channels, report);
  // Nothing that learns is clearly better than repeating the last value.
  report.is_random_walk = report.repeat_last.rmse <= 1.005 * rival.rmse && report.gain_low <= 0.0;
  report.verdict = verdict_of(report);
}

}  // namespace chronicler::tasks
