// Forecasts of a model that keeps learning while truths come.
#pragma once

#include <vector>

#include "chronicler/model/adapt_options.h"
#include "tasks/forecast/calibration.h"

namespace chronicler::tasks {

// For forecasts that start at these rows, which rise, of every channel. After every options.steps
// rows a copy of the network learns from the truths of these rows (training/online/adaptation.h),
// of which no earlier forecast has known anything.
std::vector<PredictedValues> adapting_predictions(const ForecastRecipe& recipe,
                                                  const Functional& network,
                                                  const ForecastFrame& frame,
                                                  const std::vector<std::int64_t>& rows,
                                                  const AdaptOptions& options);

}  // namespace chronicler::tasks
