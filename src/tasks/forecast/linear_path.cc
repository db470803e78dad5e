#include "tasks/forecast/linear_path.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "tasks/forecast/known_effects.h"
#include "tasks/forecast/own_path.h"

namespace chronicler::tasks {
namespace {

// Everything about the data that does not depend on the scale of the targets.
ForecastRecipe first_recipe(const data::TimeSeries& series, const ForecastOptions& options,
                            const SeriesSplit& split) {
  ForecastRecipe recipe;
  const auto covariates = series.columns.begin() + count_targets(series, options);
  const auto future = covariates + options.covariates;
  recipe.targets.assign(series.columns.begin(), covariates);
  recipe.covariates.assign(covariates, future);
  recipe.future.assign(future, series.columns.end());
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
  set_units(recipe, series, split);
}

std::int64_t longest_lookback(const ForecastOptions& options, const SeriesSplit& split) {
  if (options.lookback > 0) return std::min(options.lookback, split.fitted() / 2);
  return std::max<std::int64_t>(split.fitted() / 3, 1);
}

// Root of the mean squared error, in the data's units, where scales can be compared: each block by
// what the others taught.
double error_in_units(ForecastRecipe recipe, const ForecastFrame& frame, const OwnPath& path,
                      const data::TimeSeries& series) {
  double squares = 0.0;
  double count = 0.0;
  for (std::size_t block = 0; block < path.blocks.ranges.size(); ++block) {
    if (path.blocks.moments[block].count() <= 0.0) continue;
    set_baseline(recipe, path, path.blocks.without(block));
    const RowRange& range = path.blocks.ranges[block];
    for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
      const auto column = static_cast<std::size_t>(channel);
      for (std::int64_t row = std::max(range.begin - 1, path.longest - 1);
           row + recipe.horizon < range.end; ++row) {
        const std::vector<double> change = linear_change(recipe, frame, channel, row);
        for (std::int64_t h = 1; h <= recipe.horizon; ++h) {
          const double predicted =
              frame.forecast(channel, row, h, change[static_cast<std::size_t>(h - 1)]);
          const double error = predicted - series.at(row + h, column);
          squares += error * error;
          count += 1.0;
        }
      }
    }
  }
  return std::sqrt(squares / count);
}

Scaled try_scale(const data::TimeSeries& series, const ForecastOptions& options,
                 const SeriesSplit& split, bool log, ForecastRecipe recipe) {
  set_scale(recipe, series, log, split);
  std::vector<std::int64_t> tried = lookbacks(recipe.period, longest_lookback(options, split));
  if (options.lookback > 0) tried = {longest_lookback(options, split)};
  const ForecastFrame targets(recipe, series);
  const OwnPath path = own_path(targets, recipe.horizon, split, tried);
  set_baseline(recipe, path, path.blocks.total());
  choose_effects(series, split, tried, recipe);
  if (recipe.effects.empty())
    return {recipe, path.longest, error_in_units(recipe, targets, path, series)};
  const ForecastFrame frame(recipe, series);
  const double error =
      error_in_units(recipe, frame, own_path(frame, recipe.horizon, split, tried), series);
  return {std::move(recipe), path.longest, error};
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

namespace {

// Features that come together, or not at all.
struct FeaturePart {
  std::int64_t width = 0;
  bool is_tried = false;
};

// Each lookback, with and without the level, beside any of the parts that follow one another behind
// the target's own features.
std::vector<std::vector<std::int64_t>> feature_sets(const std::vector<std::int64_t>& lookbacks,
                                                    std::int64_t own,
                                                    const std::array<FeaturePart, 3>& parts) {
  std::vector<std::vector<std::int64_t>> sets;
  for (const std::int64_t lookback : lookbacks) {
    for (std::size_t choice = 0; choice < 1U << parts.size(); ++choice) {
      std::vector<std::int64_t> set = first_features(lookback);
      std::int64_t begin = own;
      bool is_tried = true;
      for (std::size_t part = 0; part < parts.size(); ++part) {
        const auto& [width, may_come] = parts[part];
        if ((choice >> (parts.size() - 1 - part) & 1U) != 0) {
          is_tried = is_tried && may_come;
          for (std::int64_t i = 0; i < width; ++i) set.push_back(begin + i);
        }
        begin += width;
      }
      if (!is_tried) continue;
      sets.push_back(set);
      set.erase(set.begin());  // without the level
      if (!set.empty()) sets.push_back(std::move(set));
    }
  }
  return sets;
}

}  // namespace

LinearPath choose_path(const data::TimeSeries& series, const ForecastOptions& options,
                       const SeriesSplit& split, const Scaled& scaled, ForecastRecipe& recipe) {
  constexpr std::int64_t most_covariate_lags = 120;
  // To map more numbers ahead to each step costs minutes and explains little beyond the recipe's
  // effects: the recurrent layer sees them.
  constexpr std::int64_t most_ahead = 240;
  const auto covariates =
      static_cast<std::int64_t>(recipe.covariates.size() + recipe.future.size());
  recipe.lookback = scaled.longest;
  recipe.covariate_lookback =
      covariates == 0 ? 0
                      : std::clamp<std::int64_t>(most_covariate_lags / covariates, 1,
                                                 std::min<std::int64_t>(24, scaled.longest));
  const ForecastFrame frame(recipe, series);
  const std::int64_t own = recipe.lookback;
  std::vector<std::int64_t> tried = lookbacks(recipe.period, own);
  if (options.lookback > 0) tried = {own};
  const std::int64_t seen = covariates * recipe.covariate_lookback;
  const std::int64_t ahead = frame.ahead_width();
  const std::int64_t calendar = frame.lags_width() - own - seen - ahead;
  const std::vector<std::vector<std::int64_t>> sets = feature_sets(
      tried, own,
      {{{seen, seen > 0}, {ahead, ahead > 0 && ahead <= most_ahead}, {calendar, calendar > 0}}});
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
