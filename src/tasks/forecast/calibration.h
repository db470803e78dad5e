// From what networks answer to forecasts in the data's units: how much of a change is believed, and
// what each quantile is moved by, so that they are right on rows that the networks did not learn.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/model/functional.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/recipe.h"
#include "tasks/forecast/training.h"

namespace chronicler::tasks {

// What networks answer for the rows that they were not trained on.
struct HeldAnswers {
  std::vector<float> answers;  // (n, (1 + Q) H)
  std::vector<double> truth;   // (n, H); NaN does not count
};

void add_held_answers(Functional& network, const ForecastFrame& frame, const TrainingPlan& plan,
                      HeldAnswers& answers);

// Sets the recipe's confidence and calibration: what would have made the answers right. A quantile
// of which too few answers are there keeps what it has.
void calibrate(const HeldAnswers& answers, ForecastRecipe& recipe);

struct PredictedValues {
  std::vector<double> mean;       // (rows, H), in the data's units
  std::vector<double> quantiles;  // (rows, Q, H), never crossing
};

// For forecasts that start at these rows of a channel.
PredictedValues predicted_values(const ForecastRecipe& recipe, Functional& network,
                                 const ForecastFrame& frame, std::int64_t channel,
                                 const std::vector<std::int64_t>& rows);

}  // namespace chronicler::tasks
