// How large the networks of a forecaster are and how long they learn.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tasks/forecast/frame.h"
#include "tasks/forecast/network.h"
#include "tasks/forecast/split.h"
#include "tasks/forecast/training.h"

namespace chronicler::tasks {

// What depends on how much there is to learn from.
struct ForecastSizes {
  NetworkShape shape;
  TrainingPlan plan;
  std::int64_t networks = 1;
};

// As the options say, else from the number of examples. blocks: of rows, which can be held back.
ForecastSizes choose_sizes(const ForecastOptions& options, const SeriesSplit& split,
                           const ForecastFrame& frame, const ForecastRecipe& recipe,
                           std::size_t blocks);

// How long stretches, batches and patience are. The plan has its memory; examples: to learn from.
void set_lengths(TrainingPlan& plan, std::int64_t examples, std::int64_t epochs);

// The options with what was chosen from the data in place of what they left open.
ForecastOptions as_chosen(ForecastOptions options, const SeriesSplit& split,
                          const ForecastRecipe& recipe, const ForecastSizes& sizes);

}  // namespace chronicler::tasks
