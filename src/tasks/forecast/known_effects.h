// What columns that are known ahead explain of the targets at the same row: one number for each
// column, from all rows and steps, where a linear map to each step would have to learn it anew.
#pragma once

#include <cstdint>
#include <vector>

#include "tasks/forecast/recipe.h"
#include "tasks/forecast/split.h"

namespace chronicler::tasks {

// Sets the recipe's effects, if the linear model of what remains then errs less, and the units that
// follow from them. It has a baseline. lookbacks: to try, in rising order.
void choose_effects(const data::TimeSeries& series, const SeriesSplit& split,
                    const std::vector<std::int64_t>& lookbacks, ForecastRecipe& recipe);

}  // namespace chronicler::tasks
