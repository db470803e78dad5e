#include "tasks/forecast/choices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "chronicler/base/tensor.h"
#include "chronicler/tasks/baselines.h"

namespace chronicler::tasks {

std::vector<Scale> learn_scales(const data::TimeSeries& series, std::int64_t targets, bool log,
                                std::int64_t end) {
  std::vector<Scale> scales;
  for (std::size_t column = 0; column < series.columns.size(); ++column) {
    Scale scale;
    scale.log = log && static_cast<std::int64_t>(column) < targets;
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t row = 0; row < end; ++row) sum += scale.scaled(series.at(row, column));
    const double mean = sum / static_cast<double>(end);
    for (std::int64_t row = 0; row < end; ++row) {
      const double distance = scale.scaled(series.at(row, column)) - mean;
      squares += distance * distance;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(end));
    scale.mean = mean;
    scale.deviation = deviation > 0.0 ? deviation : 1.0;
    scales.push_back(scale);
  }
  return scales;
}

std::int64_t choose_period(const data::TimeSeries& series, std::int64_t horizon, std::int64_t end) {
  constexpr std::int64_t enough = 20000;
  constexpr std::int64_t longest = 1000;
  const std::int64_t begin = std::max<std::int64_t>(0, end - enough);
  std::vector<double> values;
  for (std::int64_t row = begin; row < end; ++row) values.push_back(series.at(row, 0));
  const auto count = static_cast<std::int64_t>(values.size());
  std::set<std::int64_t> candidates;
  const std::int64_t found =
      find_period(Tensor({count}, values), {.longest = std::min(longest, count / 3)});
  if (found > 0) candidates.insert(found);
  for (const std::int64_t cycle : series.calendar.cycles()) {
    if (cycle <= end / 2) candidates.insert(cycle);
  }
  if (series.calendar && series.calendar.always_open()) {
    const double days = series.calendar.step.in_days();
    for (const double cycle : {1.0, 7.0, 365.25}) {
      const auto steps = static_cast<std::int64_t>(std::llround(cycle / days));
      const bool is_whole = std::abs(static_cast<double>(steps) * days / cycle - 1.0) < 0.01;
      if (steps >= 2 && is_whole && steps <= end / 2) candidates.insert(steps);
    }
  }
  std::int64_t best = 1;
  double least = std::numeric_limits<double>::infinity();
  for (const std::int64_t period : candidates) {
    double squares = 0.0;
    std::int64_t used = 0;
    for (std::int64_t row = std::max(begin, period + horizon); row < end; ++row) {
      // The last season that was known when the forecast, `horizon` steps before, was made.
      const std::int64_t back = (horizon + period - 1) / period * period;
      if (row < back) continue;
      const double error = series.at(row, 0) - series.at(row - back, 0);
      squares += error * error;
      ++used;
    }
    if (used > 0 && squares / static_cast<double>(used) < least) {
      least = squares / static_cast<double>(used);
      best = period;
    }
  }
  return best;
}

Moments Blocks::total() const {
  Moments sum = moments.front();
  for (std::size_t i = 1; i < moments.size(); ++i) sum += moments[i];
  return sum;
}

Moments Blocks::without(std::size_t block) const {
  Moments sum = total();
  sum -= moments[block];
  return sum;
}

namespace {

// Truths that a forecast from this row has.
std::int64_t count_truths(const ForecastFrame& frame, std::int64_t channel, std::int64_t row,
                          std::int64_t horizon) {
  std::int64_t count = 0;
  for (std::int64_t h = 1; h <= horizon; ++h) count += frame.is_observed(channel, row + h) ? 1 : 0;
  return count;
}

// How many truths an example must have: all, unless hardly one has them, as where each seventh is
// missing and a week is forecast; then one, and what was carried forward stands for the others.
std::int64_t truths_needed(const ForecastFrame& frame, std::int64_t horizon, std::int64_t first,
                           std::int64_t end) {
  std::int64_t all = 0;
  std::int64_t whole = 0;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    for (std::int64_t row = first; row + horizon < end; ++row) {
      ++all;
      whole += count_truths(frame, channel, row, horizon) == horizon ? 1 : 0;
    }
  }
  return 10 * whole >= all ? horizon : 1;
}

}  // namespace

Blocks gather_blocks(const ForecastFrame& frame, std::int64_t horizon, std::int64_t first,
                     std::vector<RowRange> ranges, std::int64_t own_lookback) {
  constexpr std::int64_t chunk = 256;
  const std::int64_t width = own_lookback > 0 ? own_lookback : frame.lags_width();
  const std::int64_t needed = truths_needed(frame, horizon, first, ranges.back().end);
  Blocks blocks{std::move(ranges), {}};
  std::vector<float> x(static_cast<std::size_t>(chunk * width));
  std::vector<float> y(static_cast<std::size_t>(chunk * horizon));
  for (const RowRange& range : blocks.ranges) {
    Moments moments(width, horizon);
    std::int64_t count = 0;
    for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
      for (std::int64_t row = std::max(first, range.begin - 1); row + horizon < range.end; ++row) {
        if (count_truths(frame, channel, row, horizon) < needed) continue;
        for (std::int64_t h = 1; h <= horizon; ++h) {
          y[static_cast<std::size_t>(count * horizon + h - 1)] =
              static_cast<float>(frame.change(channel, row, h));
        }
        float* to = &x[static_cast<std::size_t>(count * width)];
        if (own_lookback > 0) {
          frame.write_own_lags(channel, row, own_lookback, to);
        } else {
          frame.write_lags(channel, row, to);
        }
        if (++count < chunk) continue;
        moments.add(count, x.data(), y.data());
        count = 0;
      }
    }
    if (count > 0) moments.add(count, x.data(), y.data());
    blocks.moments.push_back(std::move(moments));
  }
  return blocks;
}

std::vector<LinearChoice> judge_linear(const Blocks& blocks,
                                       const std::vector<std::vector<std::int64_t>>& feature_sets) {
  constexpr double many = 20000.0;  // examples in a block that need no second opinion
  const std::size_t count = blocks.moments.size();
  std::vector<std::size_t> judges;
  for (std::size_t block = count; block-- > 0;) {
    if (blocks.moments[block].count() <= 0.0) continue;
    judges.push_back(block);
    if (blocks.moments[block].count() >= many) break;
  }
  std::vector<LinearChoice> choices;
  std::vector<Moments> learnt;
  for (const std::size_t block : judges) learnt.push_back(blocks.without(block));
  for (const std::vector<std::int64_t>& features : feature_sets) {
    LinearChoice best{features, 1.0, std::numeric_limits<double>::infinity()};
    for (const double penalty : {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0}) {
      double error = 0.0;
      for (std::size_t i = 0; i < judges.size(); ++i) {
        error += mean_squared_error(blocks.moments[judges[i]],
                                    solve_ridge(learnt[i], features, penalty));
      }
      error /= static_cast<double>(judges.size());
      if (error < best.error) best = {features, penalty, error};
    }
    choices.push_back(std::move(best));
  }
  std::sort(choices.begin(), choices.end(),
            [](const LinearChoice& a, const LinearChoice& b) { return a.error < b.error; });
  return choices;
}

LinearMap mean_map(const Moments& moments, const std::vector<LinearChoice>& choices) {
  constexpr double about_as_good = 1.03;
  const auto goals = static_cast<std::size_t>(moments.goals());
  const auto features = static_cast<std::size_t>(moments.features());
  std::vector<double> weights(features * goals, 0.0);
  std::vector<bool> used(features, false);
  LinearMap mean{{}, {}, std::vector<double>(goals, 0.0)};
  double count = 0.0;
  for (const LinearChoice& choice : choices) {
    if (choice.error > about_as_good * choices.front().error) break;
    const LinearMap map = solve_ridge(moments, choice.features, choice.penalty);
    for (std::size_t i = 0; i < map.chosen.size(); ++i) {
      const auto feature = static_cast<std::size_t>(map.chosen[i]);
      used[feature] = true;
      for (std::size_t g = 0; g < goals; ++g)
        weights[feature * goals + g] += map.weights[i * goals + g];
    }
    for (std::size_t g = 0; g < goals; ++g) mean.intercept[g] += map.intercept[g];
    count += 1.0;
  }
  for (std::size_t feature = 0; feature < features; ++feature) {
    if (!used[feature]) continue;
    mean.chosen.push_back(static_cast<std::int64_t>(feature));
    for (std::size_t g = 0; g < goals; ++g)
      mean.weights.push_back(weights[feature * goals + g] / count);
  }
  for (double& intercept : mean.intercept) intercept /= count;
  return mean;
}

std::vector<std::int64_t> lookbacks(std::int64_t period, std::int64_t longest) {
  std::set<std::int64_t> tried{1, 4, 8, 14, 24, 30, 48, 96, 168, 336};
  if (period > 1) {
    for (const std::int64_t times : {1, 2, 3}) tried.insert(times * period + 1);
  }
  std::vector<std::int64_t> result;
  for (const std::int64_t lookback : tried) {
    if (lookback <= std::min<std::int64_t>(longest, 400)) result.push_back(lookback);
  }
  if (result.empty()) result.push_back(1);
  return result;
}

}  // namespace chronicler::tasks
