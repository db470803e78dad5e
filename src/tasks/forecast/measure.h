// A forecaster beside the baselines, on rows whose truth is known.
#pragma once

#include <cstdint>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/recipe.h"

namespace chronicler::tasks {

// Forecasts of the rows from `begin` on, `every` rows apart. Throws Error if none has a truth.
ForecastReport measure_forecasts(const ForecastRecipe& recipe, Functional& network,
                                 const data::TimeSeries& series, std::int64_t begin,
                                 std::int64_t every);

}  // namespace chronicler::tasks
