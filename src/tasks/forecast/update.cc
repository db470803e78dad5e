#include "tasks/forecast/update.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/layer.h"
#include "tasks/forecast/calibration.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/sizes.h"

namespace chronicler::tasks {
namespace {

// The first row that the weights were not learnt from.
std::int64_t first_unlearnt(const ForecastRecipe& recipe, const ForecastHistory& all) {
  const auto& times = all.rows.times;
  if (times.empty()) {
    return std::clamp<std::int64_t>(recipe.trained_rows - all.before, 0, all.rows.rows());
  }
  return std::upper_bound(times.begin(), times.end(), recipe.trained_until) - times.begin();
}

// The newest rows choose the epoch, all others are learnt from.
TrainingPlan plan_of(const ForecastRecipe& recipe, const UpdateOptions& options,
                     const data::TimeSeries& series, std::int64_t unlearnt) {
  const std::int64_t rows = series.rows();
  const std::int64_t fresh = rows - unlearnt;
  const std::int64_t validation =
      options.validation_rows > 0 ? options.validation_rows : std::max(fresh / 4, recipe.horizon);
  if (validation < recipe.horizon || fresh - validation < recipe.horizon ||
      rows - validation < 2 * recipe.horizon + 8) {
    throw Error(fmt::format("{}: the model has not learnt from {} of {} rows, and {} of them are "
                            "to validate; to train on, a forecast of {} needs as many for each",
                            series.source, fresh, rows, validation, recipe.horizon),
                "wait for more rows, or update without training");
  }
  const std::int64_t examples =
      (rows - validation) * static_cast<std::int64_t>(recipe.targets.size());
  TrainingPlan plan;
  plan.shape.horizon = recipe.horizon;
  plan.quantiles = recipe.quantiles;
  plan.memory = recipe.memory;
  plan.first = std::min(recipe.lookback - 1, (rows - validation) / 2);
  plan.train = {0, rows};
  plan.held = {rows - validation, rows};
  set_lengths(plan, examples, options.epochs);
  plan.learning_rate = options.learning_rate;
  plan.seed = options.seed;
  return plan;
}

TaskRun run_of(const UpdateOptions& options) {
  TaskRun run;
  run.epochs = static_cast<double>(options.epochs);
  run.seed = options.seed;
  run.report_seconds = options.report_seconds;
  run.progress = options.progress;
  return run;
}

}  // namespace

std::int64_t count_new_rows(const ForecastRecipe& recipe, const data::TimeSeries& known,
                            const data::TimeSeries& series) {
  if (known.values.empty()) return series.rows();
  const std::int64_t end =
      recipe.future.empty() ? known.rows() : known.observed_rows(recipe.targets.size());
  if (known.times.empty()) return series.rows() - end;
  return series.times.end() - std::upper_bound(series.times.begin(), series.times.end(),
                                               known.times[static_cast<std::size_t>(end - 1)]);
}

TrainedOn train_on(const UpdateOptions& options, const ForecastHistory& all,
                   const data::TimeSeries& series, ForecastRecipe& recipe, Functional& network) {
  const FlushDenormals flush;
  const TrainingPlan plan = plan_of(recipe, options, series, first_unlearnt(recipe, all));
  const ForecastFrame frame(recipe, series);
  set_random_seed(plan.seed);
  Functional learner = network.clone();  // what compile adds to it is no part of the model
  NetworksInTurn networks(run_of(options), 1);
  const TrainedMember member = train_member(learner, frame, plan, networks);
  network.set_weights(learner.get_weights());
  HeldAnswers answers;
  add_held_answers(network, frame, plan, answers);
  constexpr std::size_t few = 20;  // forecasts, which say nothing of how far one may be out
  if (answers.truth.size() >= few * static_cast<std::size_t>(recipe.horizon))
    calibrate(answers, recipe);
  recipe.trained_rows = all.before + series.rows();
  recipe.trained_until = series.times.empty() ? 0 : series.times.back();
  return {member, plan.held.end - plan.held.begin};
}

}  // namespace chronicler::tasks
