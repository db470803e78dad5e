#include "tasks/forecast/own_path.h"

#include <cmath>
#include <numeric>

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

}  // namespace

OwnPath own_path(const ForecastFrame& frame, std::int64_t horizon, const SeriesSplit& split,
                 const std::vector<std::int64_t>& lookbacks) {
  const std::int64_t longest = lookbacks.back();
  OwnPath path{gather_blocks(frame, horizon, longest - 1, blocks_of(split), longest), {}, longest};
  std::vector<std::vector<std::int64_t>> sets;
  sets.reserve(lookbacks.size());
  for (const std::int64_t lookback : lookbacks) sets.push_back(first_features(lookback));
  path.choice = judge_linear(path.blocks, sets).front();
  return path;
}

void set_baseline(ForecastRecipe& recipe, const OwnPath& path, const Moments& moments) {
  const LinearMap map = solve_ridge(moments, path.choice.features, path.choice.penalty);
  recipe.linear_lookback = static_cast<std::int64_t>(map.chosen.size());
  recipe.linear_weights = map.weights;
  recipe.linear_intercept = map.intercept;
}

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

void set_units(ForecastRecipe& recipe, const data::TimeSeries& series, const SeriesSplit& split) {
  const ForecastFrame frame(recipe, series);
  const double before = recipe.change;
  recipe.change = deviation_of_changes(frame, recipe.horizon, split.fitted());
  recipe.step_change = deviation_of_changes(frame, 1, split.fitted());
  for (auto* numbers : {&recipe.linear_weights, &recipe.linear_intercept}) {
    for (double& number : *numbers) number *= before / recipe.change;
  }
}

ForecastRecipe without_effects(ForecastRecipe recipe) {
  recipe.effects.clear();
  return recipe;
}

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

}  // namespace chronicler::tasks
