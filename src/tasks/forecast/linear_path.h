// The scale that suits a series, and the linear path that networks start from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tasks/forecast/choices.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/split.h"
#include "tasks/shared/ridge.h"

namespace chronicler::tasks {

// The recipe on one scale, with its baseline and what columns that are known ahead explain; its
// error in the data's units.
struct Scaled {
  ForecastRecipe recipe;
  std::int64_t longest = 1;  // lookback that the data allow
  double error = 0.0;
};

// Numbers as they are, or their logarithms: whichever the baseline forecasts better. Throws Error
// where logarithms are asked for and there are none.
Scaled choose_scale(const data::TimeSeries& series, const ForecastOptions& options,
                    const SeriesSplit& split);

// The linear path of the network: which features, and the sums to fit it from.
struct LinearPath {
  Blocks blocks;
  std::vector<LinearChoice> choices;
  std::int64_t longest = 1;   // lookback among the features
  std::int64_t best = 1;      // lookback of the best choice
  std::int64_t lookback = 1;  // that the network's lags keep

  // Learnt without a block, in the places of the network's lags.
  LinearMap map_without(std::size_t block) const;
  double error_without(std::size_t block) const;
};

// Sets the recipe's lookbacks, too.
LinearPath choose_path(const data::TimeSeries& series, const ForecastOptions& options,
                       const SeriesSplit& split, const Scaled& scaled, ForecastRecipe& recipe);

}  // namespace chronicler::tasks
