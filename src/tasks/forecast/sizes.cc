#include "tasks/forecast/sizes.h"

#include <algorithm>

namespace chronicler::tasks {

ForecastSizes choose_sizes(const ForecastOptions& options, const SeriesSplit& split,
                           const ForecastFrame& frame, const ForecastRecipe& recipe,
                           std::size_t blocks) {
  const std::int64_t examples = split.fitted() * frame.channels();
  ForecastSizes sizes;
  NetworkShape& shape = sizes.shape;
  shape.steps_width = frame.steps_width();
  shape.lags_width = frame.lags_width();
  shape.horizon = recipe.horizon;
  shape.quantiles = static_cast<std::int64_t>(recipe.quantiles.size());
  shape.cell = options.cell;
  shape.units = options.units > 0  ? options.units
                : examples < 1000  ? 16
                : examples < 20000 ? 32
                : examples < 60000 ? 64
                                   : 96;
  shape.layers = options.layers;
  shape.dropout = options.dropout;
  shape.linear_learns = examples >= 20000;

  TrainingPlan& plan = sizes.plan;
  plan.shape = shape;
  plan.quantiles = recipe.quantiles;
  plan.memory = recipe.memory;
  plan.first = std::min(recipe.lookback - 1, split.fitted() / 2);
  plan.train = {0, split.learnt};
  set_lengths(plan, examples,
              options.epochs > 0 ? options.epochs
              : examples < 20000 ? 100
              : examples < 60000 ? 60
                                 : 30);
  plan.learning_rate = options.learning_rate;
  sizes.networks = options.networks > 0 ? options.networks : examples < 60000 ? 3 : 1;
  sizes.networks = std::min(sizes.networks, static_cast<std::int64_t>(blocks));
  return sizes;
}

void set_lengths(TrainingPlan& plan, std::int64_t examples, std::int64_t epochs) {
  constexpr std::int64_t shortest = 16;
  plan.stretch = std::clamp(examples / 100, shortest, std::max(shortest, 2 * plan.memory));
  const std::int64_t stretches = std::max<std::int64_t>(examples / plan.stretch, 1);
  plan.batch = std::clamp<std::int64_t>(stretches / 16, 1, 16);
  plan.epochs = epochs;
  plan.patience = std::max<std::int64_t>(epochs / 3, 8);
}

ForecastOptions as_chosen(ForecastOptions options, const SeriesSplit& split,
                          const ForecastRecipe& recipe, const ForecastSizes& sizes) {
  options.test_rows = split.rows - split.learnt;
  options.validation_rows = split.validation;
  options.lookback = recipe.lookback;
  options.epochs = sizes.plan.epochs;
  options.units = sizes.shape.units;
  options.networks = sizes.networks;
  options.transform = recipe.scales.front().log ? "log" : "none";
  return options;
}

}  // namespace chronicler::tasks
