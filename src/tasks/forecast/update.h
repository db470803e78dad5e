// Trains a forecaster's network on, with rows that it has not learnt from.
#pragma once

#include <cstdint>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/history.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/training.h"

namespace chronicler::tasks {

// Rows of the series behind the last one with a target that is known already.
std::int64_t count_new_rows(const ForecastRecipe& recipe, const data::TimeSeries& known,
                            const data::TimeSeries& series);

struct TrainedOn {
  TrainedMember member;
  std::int64_t validation_rows = 0;
};

// The network gets the best weights, from those that it has on; the recipe what follows from them.
// series: the rows of `all` up to the targets' end. Throws Error if too few are new to the weights.
TrainedOn train_on(const UpdateOptions& options, const ForecastHistory& all,
                   const data::TimeSeries& series, ForecastRecipe& recipe, Functional& network);

}  // namespace chronicler::tasks
