// A forecaster beside the baselines, on rows whose truth is known.
#pragma once

#include <cstdint>

#include "chronicler/model/adapt_options.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/recipe.h"

namespace chronicler::tasks {

// Forecasts of the rows from `begin` on, `every` rows apart; with `adapt`, of a copy of the network
// that keeps learning. Throws Error if none has a truth.
ForecastReport measure_forecasts(const ForecastRecipe& recipe, Functional& network,
                                 const data::TimeSeries& series, std::int64_t begin,
                                 std::int64_t every, const AdaptOptions* adapt = nullptr);

}  // namespace chronicler::tasks
