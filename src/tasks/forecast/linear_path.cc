#include "tasks/forecast/linear_path.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

double deviation_of_changes(const ForecastFrame& frame, std::int64_t horizon, std::int64_t end) {
  double squares = 0.0;
  double count = 0.0;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    for (std::int64_t row = 0; row + horizon < end; ++row) {
      for (std::int64_t h = 1; h <= horizon; ++h) {
        const double change = frame.z(channel, row + h) - frame.z(channel, row);
        squares += change * change;
        count += 1.0;
      }
    }
  }
  return squares > 0.0 ? std::sqrt(squares / count) : 1.0;
}

// Everything about the data that does not depend on the scale of the targets.
ForecastRecipe first_recipe(const data::TimeSeries& series, const ForecastOptions& options,
                            const SeriesSplit& split) {
  ForecastRecipe recipe;
  const auto targets = static_cast<std::ptrdiff_t>(series.columns.size()) - options.covariates;
  recipe.targets.assign(series.columns.begin(), series.columns.begin() + targets);
  recipe.covariates.assign(series.columns.begin() + targets, series.columns.end());
  recipe.time_column = series.time_column;
  recipe.clock = series.calendar;
  recipe.notation = series.notation;
  recipe.horizon = options.horizon;
  recipe.quantiles = options.quantiles;
  recipe.period = choose_period(series, options.horizon, split.fitted());
  if (const data::RowCalendar& clock = recipe.clock) {
    const double days = clock.step.in_days();
    const auto until = static_cast<std::size_t>(split.fitted());
    const double years =
        clock.is_even()
            ? static_cast<double>(split.fitted()) * days / 365.25
            : static_cast<double>(series.times[until] - series.times[0]) / 86400.0 / 365.25;
    recipe.calendar_year = years >= 1.5;
    recipe.calendar = !data::calendar_names(clock.step, recipe.calendar_year).empty() &&
                      (clock.is_even() || days <= 4.0);
  }
  recipe.trained_rows = split.learnt;
  recipe.trained_until =
      series.times.empty() ? 0 : series.times[static_cast<std::size_t>(split.learnt - 1)];
  for (std::size_t column = 0; column < recipe.targets.size(); ++column) {
    double sum = 0.0;
    for (std::int64_t row = recipe.period; row < split.fitted(); ++row)
      sum += std::abs(series.at(row, column) - series.at(row - recipe.period, column));
    const double error =
        sum / static_cast<double>(std::max<std::int64_t>(split.fitted() - recipe.period, 1));
    recipe.seasonal_error.push_back(error > 0.0 ? error : 1.0);
  }
  return recipe;
}

void set_scale(ForecastRecipe& recipe, const data::TimeSeries& series, bool log,
               const SeriesSplit& split) {
  recipe.scales =
      learn_scales(series, static_cast<std::int64_t>(recipe.targets.size()), log, split.fitted());
  const ForecastFrame plain(recipe, series);
  recipe.change = deviation_of_changes(plain, recipe.horizon, split.fitted());
  recipe.step_change = deviation_of_changes(plain, 1, split.fitted());
}

// The rows to learn from in blocks of as many as validate; the first block is what is left.
std::vector<RowRange> blocks_of(const SeriesSplit& split) {
  std::vector<RowRange> ranges;
  std::int64_t end = split.learnt;
  for (; end - split.validation >= split.validation; end -= split.validation)
    ranges.insert(ranges.begin(), {end - split.validation, end});
  ranges.insert(ranges.begin(), {0, end});
  return ranges;
}

std::vector<std::int64_t> first_features(std::int64_t count) {
  std::vector<std::int64_t> features(static_cast<std::size_t>(count));
  std::iota(features.begin(), features.end(), 0);
  return features;
}

void set_linear(ForecastRecipe& recipe, const LinearMap& map) {
  recipe.linear_lookback = static_cast<std::int64_t>(map.chosen.size());
  recipe.linear_weights = map.weights;
  recipe.linear_intercept = map.intercept;
}

std::int64_t longest_lookback(const ForecastOptions& options, const SeriesSplit& split) {
  if (options.lookback > 0) return std::min(options.lookback, split.fitted() / 2);
  return std::max<std::int64_t>(split.fitted() / 3, 1);
}

}  // namespace

std::vector<double> linear_change(const ForecastRecipe& recipe, const ForecastFrame& frame,
                                  std::int64_t channel, std::int64_t row) {
  std::vector<float> lags(static_cast<std::size_t>(recipe.linear_lookback));
  frame.write_own_lags(channel, row, recipe.linear_lookback, lags.data());
  std::vector<double> result = recipe.linear_intercept;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    for (std::size_t h = 0; h < result.size(); ++h)
      result[h] += static_cast<double>(lags[i]) * recipe.linear_weights[i * result.size() + h];
  }
  return result;
}

namespace {

Scaled try_scale(const data::TimeSeries& series, const ForecastOptions& options,
                 const SeriesSplit& split, bool log, ForecastRecipe recipe) {
  set_scale(recipe, series, log, split);
  const ForecastFrame frame(recipe, series);
  std::vector<std::int64_t> tried = lookbacks(recipe.period, longest_lookback(options, split));
  if (options.lookback > 0) tried = {longest_lookback(options, split)};
  const Blocks blocks =
      gather_blocks(frame, recipe.horizon, tried.back() - 1, blocks_of(split), tried.back());
  std::vector<std::vector<std::int64_t>> sets;
  for (const std::int64_t lookback : tried) sets.push_back(first_features(lookback));
  const LinearChoice choice = judge_linear(blocks, sets).front();

  // Judged in the data's units, where scales can be compared: each block by what the others taught.
  double squares = 0.0;
  double count = 0.0;
  for (std::size_t block = 0; block < blocks.ranges.size(); ++block) {
    if (blocks.moments[block].count() <= 0.0) continue;
    set_linear(recipe, solve_ridge(blocks.without(block), choice.features, choice.penalty));
    const RowRange& range = blocks.ranges[block];
    for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
      const auto column = static_cast<std::size_t>(channel);
      const Scale& scale = recipe.scales[column];
      for (std::int64_t row = std::max(range.begin - 1, tried.back() - 1);
           row + recipe.horizon < range.end; ++row) {
        const std::vector<double> change = linear_change(recipe, frame, channel, row);
        for (std::int64_t h = 1; h <= recipe.horizon; ++h) {
          const double predicted = scale.original(
              frame.z(channel, row) + recipe.change * change[static_cast<std::size_t>(h - 1)]);
          const double error = predicted - series.at(row + h, column);
          squares += error * error;
          count += 1.0;
        }
      }
    }
  }
  set_linear(recipe, solve_ridge(blocks.total(), choice.features, choice.penalty));
  return {std::move(recipe), tried.back(), std::sqrt(squares / count)};
}

bool is_positive(const data::TimeSeries& series, std::size_t targets) {
  for (std::int64_t row = 0; row < series.rows(); ++row) {
    for (std::size_t column = 0; column < targets; ++column) {
      if (series.at(row, column) <= 0.0) return false;
    }
  }
  return true;
}

}  // namespace

Scaled choose_scale(const data::TimeSeries& series, const ForecastOptions& options,
                    const SeriesSplit& split) {
  const ForecastRecipe recipe = first_recipe(series, options, split);
  const bool may_log = is_positive(series, recipe.targets.size());
  if (options.transform == "log" && !may_log) {
    throw Error(fmt::format("{}: numbers of 0 and below have no logarithm", series.source),
                "leave --transform out");
  }
  if (options.transform != "log") {
    Scaled plain = try_scale(series, options, split, false, recipe);
    if (!may_log || options.transform == "none") return plain;
    Scaled logs = try_scale(series, options, split, true, recipe);
    // Of a short series, growth in shares is the simpler tale unless the errors speak against it.
    const double allowed = split.fitted() < 500 ? 1.01 : 0.99;
    return logs.error < allowed * plain.error ? std::move(logs) : std::move(plain);
  }
  return try_scale(series, options, split, true, recipe);
}

LinearMap LinearPath::map_without(std::size_t block) const {
  LinearMap map = mean_map(blocks.without(block), choices);
  for (std::int64_t& feature : map.chosen)
    feature = feature < longest ? feature : feature - longest + lookback;
  return map;
}

double LinearPath::error_without(std::size_t block) const {
  return mean_squared_error(blocks.moments[block], mean_map(blocks.without(block), choices));
}

LinearPath choose_path(const data::TimeSeries& series, const ForecastOptions& options,
                       const SeriesSplit& split, const Scaled& scaled, ForecastRecipe& recipe) {
  constexpr std::int64_t most_covariate_lags = 120;
  const auto covariates = static_cast<std::int64_t>(recipe.covariates.size());
  recipe.lookback = scaled.longest;
  recipe.covariate_lookback =
      covariates == 0 ? 0
                      : std::clamp<std::int64_t>(most_covariate_lags / covariates, 1,
                                                 std::min<std::int64_t>(24, scaled.longest));
  const ForecastFrame frame(recipe, series);
  const std::int64_t own = recipe.lookback;
  const std::int64_t seen = covariates * recipe.covariate_lookback;
  const std::int64_t calendar = frame.lags_width() - own - seen;
  std::vector<std::int64_t> tried = lookbacks(recipe.period, own);
  if (options.lookback > 0) tried = {own};
  std::vector<std::vector<std::int64_t>> sets;
  const auto all = first_features(frame.lags_width());
  for (const std::int64_t lookback : tried) {
    for (const bool with_covariates : {false, true}) {
      for (const bool with_calendar : {false, true}) {
        if ((with_covariates && seen == 0) || (with_calendar && calendar == 0)) continue;
        for (const bool with_level : {true, false}) {
          std::vector<std::int64_t> set = first_features(lookback);
          if (!with_level) set.erase(set.begin());
          if (with_covariates) set.insert(set.end(), all.begin() + own, all.begin() + own + seen);
          if (with_calendar) set.insert(set.end(), all.begin() + own + seen, all.end());
          if (!set.empty()) sets.push_back(std::move(set));
        }
      }
    }
  }
  LinearPath path{
      gather_blocks(frame, recipe.horizon, own - 1, blocks_of(split), 0), {}, own, 1, 1};
  path.choices = judge_linear(path.blocks, sets);
  for (const std::int64_t feature : path.choices.front().features)
    path.best = feature < own ? std::max(path.best, feature + 1) : path.best;
  for (const std::int64_t feature : mean_map(path.blocks.total(), path.choices).chosen) {
    if (feature < own) path.lookback = std::max(path.lookback, feature + 1);
  }
  recipe.lookback = path.lookback;
  return path;
}

}  // namespace chronicler::tasks
