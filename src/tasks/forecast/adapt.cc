#include "tasks/forecast/adapt.h"

#include <algorithm>
#include <cmath>

#include "chronicler/training/fit.h"
#include "model/model_internals.h"
#include "tasks/forecast/loss.h"
#include "training/online/adaptation.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

// A copy of the network, and what it learns by.
class LearningCopy {
 public:
  LearningCopy(const ForecastRecipe& recipe, const Functional& network, const ForecastFrame& frame,
               const AdaptOptions& options)
      : frame_(frame), network_(network.clone()), adaptation_(network_, options, nullptr, {}) {
    plan_.shape.horizon = recipe.horizon;
    plan_.quantiles = recipe.quantiles;
    plan_.memory = recipe.memory;
    // Truths of `steps` rows belong to forecasts from as many rows before, and from horizon - 1
    // more.
    plan_.stretch = options.steps + recipe.horizon - 1;
    plan_.first = recipe.lookback - 1;
    network_.compile(
        {.optimizer = "sgd", .loss = forecast_loss(recipe.quantiles, plan_.quantile_weight)});
  }

  Functional& network() { return network_; }

  // The truths of these rows have come.
  void learn(const RowRange& rows) {
    const Batch batch = stretch_batch(frame_, plan_, rows.end - 1 - plan_.stretch, rows);
    const float* truths = batch.y[0].as<float>();
    if (std::all_of(truths, truths + batch.y[0].size(),
                    [](float truth) { return truth == missing_target; }))
      return;
    Trainer& trainer = trainer_of(network_, "adapt");
    if (!prepared_) trainer.prepare(network_, batch);
    prepared_ = true;
    Execution& execution = ModelInternals::execution(network_);
    const Value inputs[] = {{batch.x[0], {}}, {batch.x[1], {}}};
    Execution::Mode mode;
    mode.keep = true;
    execution.forward(inputs, mode);
    adaptation_.forget_gradients();
    if (std::isfinite(trainer.gradients_of_run(execution, batch))) adaptation_.move();
  }

 private:
  const ForecastFrame& frame_;
  TrainingPlan plan_;
  Functional network_;
  Adaptation adaptation_;
  bool prepared_ = false;
};

void append(const PredictedValues& more, PredictedValues& all) {
  all.mean.insert(all.mean.end(), more.mean.begin(), more.mean.end());
  all.quantiles.insert(all.quantiles.end(), more.quantiles.begin(), more.quantiles.end());
}

}  // namespace

std::vector<PredictedValues> adapting_predictions(const ForecastRecipe& recipe,
                                                  const Functional& network,
                                                  const ForecastFrame& frame,
                                                  const std::vector<std::int64_t>& rows,
                                                  const AdaptOptions& options) {
  std::vector<PredictedValues> all(static_cast<std::size_t>(frame.channels()));
  if (rows.empty()) return all;
  LearningCopy copy(recipe, network, frame, options);
  auto next = rows.begin();
  // At `now` the truths of all rows up to it are known.
  for (std::int64_t now = rows.front(); next != rows.end(); now += options.steps) {
    const auto end = std::lower_bound(next, rows.end(), now + options.steps);
    const std::vector<std::int64_t> some(next, end);
    next = end;
    for (std::size_t channel = 0; !some.empty() && channel < all.size(); ++channel) {
      append(
          predicted_values(recipe, copy.network(), frame, static_cast<std::int64_t>(channel), some),
          all[channel]);
    }
    if (next != rows.end()) copy.learn({now + 1, now + 1 + options.steps});
  }
  return all;
}

}  // namespace chronicler::tasks
