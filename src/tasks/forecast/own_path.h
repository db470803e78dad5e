// The linear baseline of a forecaster, which sees a target's own past alone.
#pragma once

#include <cstdint>
#include <vector>

#include "tasks/forecast/choices.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/split.h"

namespace chronicler::tasks {

// The best lookback, and the sums to fit it from.
struct OwnPath {
  Blocks blocks;
  LinearChoice choice;
  std::int64_t longest = 1;  // of the lookbacks that were tried
};
OwnPath own_path(const ForecastFrame& frame, std::int64_t horizon, const SeriesSplit& split,
                 const std::vector<std::int64_t>& lookbacks);
// The recipe's baseline, as it is learnt from these sums.
void set_baseline(ForecastRecipe& recipe, const OwnPath& path, const Moments& moments);

// The recipe's units of change, as they are in the rows to learn from; the baseline's answers stay
// what they are.
void set_units(ForecastRecipe& recipe, const data::TimeSeries& series, const SeriesSplit& split);

// The rows to learn from in blocks of as many as validate; the first block is what is left.
std::vector<RowRange> blocks_of(const SeriesSplit& split);
// 0, 1, ... of so many.
std::vector<std::int64_t> first_features(std::int64_t count);

// As the baseline sees a series.
ForecastRecipe without_effects(ForecastRecipe recipe);
// The baseline's forecast from a row: (horizon) changes, in the recipe's unit.
std::vector<double> linear_change(const ForecastRecipe& recipe, const ForecastFrame& frame,
                                  std::int64_t channel, std::int64_t row);

}  // namespace chronicler::tasks
