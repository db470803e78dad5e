#include "tasks/forecast/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "base/shuffle.h"
#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "tasks/forecast/loss.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

struct Stretch {
  std::int64_t channel = 0;
  std::int64_t begin = 0;  // the first row that answers
};

// Stretches of equal length as tensors.
class Stretches {
 public:
  Stretches(const ForecastFrame& frame, const TrainingPlan& plan) : frame_(frame), plan_(plan) {}

  // Covering the origins from `first` up to `end`, from a start that varies.
  std::vector<Stretch> covering(std::int64_t first, std::int64_t end, std::int64_t shift) const {
    std::vector<Stretch> result;
    for (std::int64_t channel = 0; channel < frame_.channels(); ++channel) {
      for (std::int64_t begin = first - shift; begin < end; begin += plan_.stretch)
        result.push_back({channel, begin});
    }
    return result;
  }

  // x and y of some of them; a truth counts if `counts` says so of its row.
  template <class Counts>
  Batch batch(std::span<const Stretch> stretches, const Counts& counts) const {
    const auto size = static_cast<std::int64_t>(stretches.size());
    const std::int64_t steps = plan_.memory + plan_.stretch;
    const std::int64_t horizon = plan_.shape.horizon;
    const Tensor step_values({size, steps, frame_.steps_width()});
    const Tensor lag_values({size, steps, frame_.lags_width()});
    Tensor truth({size, steps, horizon});
    truth.fill(std::numeric_limits<double>::quiet_NaN());
    for (std::int64_t i = 0; i < size; ++i) {
      const Stretch& stretch = stretches[static_cast<std::size_t>(i)];
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t row = stretch.begin - plan_.memory + t;
        if (row >= frame_.rows()) break;
        const std::int64_t place = i * steps + t;
        frame_.write_steps(stretch.channel, std::max<std::int64_t>(row, 0),
                           step_values.as<float>() + place * frame_.steps_width());
        if (t < plan_.memory || row < plan_.first) continue;
        frame_.write_lags(stretch.channel, row,
                          lag_values.as<float>() + place * frame_.lags_width());
        for (std::int64_t h = 1; h <= horizon && row + h < frame_.rows(); ++h) {
          if (!counts(row + h) || !frame_.is_observed(stretch.channel, row + h)) continue;
          truth.as<float>()[place * horizon + h - 1] =
              static_cast<float>(frame_.change(stretch.channel, row, h));
        }
      }
    }
    return {{step_values, lag_values}, truth, {}};
  }

 private:
  const ForecastFrame& frame_;
  const TrainingPlan& plan_;
};

// The root of the mean squared error of the means on the held rows.
double validation_error(Functional& network, const std::vector<Batch>& batches,
                        std::int64_t horizon) {
  double sum = 0.0;
  double count = 0.0;
  for (const Batch& batch : batches) {
    const Tensor told = network(std::vector<Tensor>{batch.x[0], batch.x[1]}).front();
    const std::int64_t width = told.shape()[2];
    for (std::int64_t i = 0; i < batch.y[0].size(); ++i) {
      const float truth = batch.y[0].as<float>()[i];
      if (std::isnan(truth)) continue;
      const auto error =
          static_cast<double>(told.as<float>()[i / horizon * width + i % horizon] - truth);
      sum += error * error;
      count += 1.0;
    }
  }
  return count > 0.0 ? std::sqrt(sum / count) : 0.0;
}

std::vector<Stretch> shuffled(std::vector<Stretch> stretches, const Random& random,
                              std::uint64_t stream) {
  shuffle(stretches, random, stream);
  return stretches;
}

std::vector<Tensor> copies(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(tensor.clone());
  return result;
}

}  // namespace

TrainedMember train_member(Functional& network, const ForecastFrame& frame,
                           const TrainingPlan& plan, const ForecastOptions& options,
                           ForecastProgress progress, const std::optional<TrainingState>& resumed,
                           const std::function<void(const TrainingState&)>& after) {
  network.compile(
      {.optimizer = optimizers::Adam({.learning_rate = plan.learning_rate, .global_clipnorm = 1.0}),
       .loss = forecast_loss(plan.quantiles, plan.quantile_weight)});
  Trainer& trainer = trainer_of(network, "fit");
  const Stretches stretches(frame, plan);
  const auto is_held = [&](std::int64_t row) { return plan.held.holds(row); };
  const auto is_learnt = [&](std::int64_t row) {
    return plan.train.holds(row) && !plan.held.holds(row);
  };
  std::vector<Batch> held;
  {
    const std::vector<Stretch> all =
        stretches.covering(std::max(plan.held.begin - 1, plan.first), plan.held.end - 1, 0);
    for (std::size_t begin = 0; begin < all.size(); begin += 32) {
      const std::size_t count = std::min<std::size_t>(32, all.size() - begin);
      held.push_back(stretches.batch(std::span(all).subspan(begin, count), is_held));
    }
  }

  TrainedMember result;
  TrainingState state;
  const Random random(plan.seed);
  if (resumed) {
    state = *resumed;
    network.set_weights(state.weights);
  }
  const auto batches_of_epoch = [&](std::int64_t epoch) {
    const auto stream = static_cast<std::uint64_t>(epoch);
    const auto shift = static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(plan.stretch), stream, 0));
    return shuffled(stretches.covering(plan.first, plan.train.end - 1, shift), random, stream);
  };
  const std::vector<Stretch> sample = batches_of_epoch(0);
  trainer.prepare(network, stretches.batch(std::span(sample).subspan(0, 1), is_learnt));
  if (resumed) {
    if (!state.optimizer.empty()) {
      trainer.build_optimizer(network);
      trainer.optimizer().set_variables(state.optimizer);
    }
  } else {
    state.best = validation_error(network, held, plan.shape.horizon);
    state.best_weights = copies(network.get_weights());
    if (options.progress) {
      progress.epoch = 0;
      progress.validation_rmse = state.best;
      options.progress(progress);
    }
  }
  result.start = state.best;

  using Clock = std::chrono::steady_clock;
  const Clock::time_point began = Clock::now();
  const std::int64_t first_epoch = state.epoch;
  while (state.epoch < plan.epochs && state.epoch - state.best_epoch < plan.patience) {
    const std::vector<Stretch> order = batches_of_epoch(state.epoch + 1);
    const auto batch = static_cast<std::size_t>(plan.batch);
    const std::size_t batches = (order.size() + batch - 1) / batch;
    trainer.reset_metrics();
    trainer.set_step(static_cast<std::uint64_t>(state.epoch) * batches);
    for (std::size_t b = 0; b < batches; ++b) {
      const double done = (static_cast<double>(state.epoch) +
                           static_cast<double>(b) / static_cast<double>(batches)) /
                          static_cast<double>(plan.epochs);
      const double warm = std::min(1.0, done * static_cast<double>(plan.epochs) + 0.05);
      trainer.optimizer().set_learning_rate(plan.learning_rate * warm * 0.5 *
                                            (1.0 + std::cos(std::numbers::pi * done)));
      const std::size_t count = std::min(batch, order.size() - b * batch);
      trainer.train_batch(network,
                          stretches.batch(std::span(order).subspan(b * batch, count), is_learnt));
      trainer.require_finite([&] {
        return fmt::format("at batch {} of {} in epoch {}", b + 1, batches, state.epoch + 1);
      });
      if (options.stop && options.stop()) {
        result.stopped = true;
        break;
      }
    }
    if (result.stopped) break;
    ++state.epoch;
    const double error = validation_error(network, held, plan.shape.horizon);
    progress.is_best = error < state.best;
    if (progress.is_best) {
      state.best = error;
      state.best_epoch = state.epoch;
      state.best_weights = copies(network.get_weights());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    progress.epoch = state.epoch;
    progress.loss = trainer.results().loss();
    progress.validation_rmse = error;
    const auto left = static_cast<double>(plan.epochs - state.epoch +
                                          (progress.members - progress.member) * plan.epochs);
    progress.seconds_left = seconds / static_cast<double>(state.epoch - first_epoch) * left;
    if (options.progress) options.progress(progress);
    if (after) {
      state.weights = copies(network.get_weights());
      state.optimizer = copies(trainer.optimizer().variables());
      after(state);
    }
  }
  network.set_weights(state.best_weights);
  result.epochs = state.epoch;
  result.best_epoch = state.best_epoch;
  result.best = state.best;
  return result;
}

std::vector<float> tell(Functional& network, const ForecastFrame& frame, std::int64_t channel,
                        const std::vector<std::int64_t>& rows, std::int64_t memory) {
  constexpr std::size_t batch_size = 64;
  std::vector<float> result;
  for (std::size_t begin = 0; begin < rows.size(); begin += batch_size) {
    const auto count = static_cast<std::int64_t>(std::min(batch_size, rows.size() - begin));
    const Tensor steps({count, memory, frame.steps_width()});
    const Tensor lags({count, memory, frame.lags_width()});  // only the last step's answer is used
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = rows[begin + static_cast<std::size_t>(i)];
      for (std::int64_t t = 0; t < memory; ++t) {
        frame.write_steps(channel, std::max<std::int64_t>(row - memory + 1 + t, 0),
                          steps.as<float>() + (i * memory + t) * frame.steps_width());
      }
      frame.write_lags(channel, row,
                       lags.as<float>() + ((i + 1) * memory - 1) * frame.lags_width());
    }
    const Tensor told = network(std::vector<Tensor>{steps, lags}).front();
    const std::int64_t width = told.shape()[2];
    for (std::int64_t i = 0; i < count; ++i) {
      const float* last = told.as<float>() + ((i + 1) * memory - 1) * width;
      result.insert(result.end(), last, last + width);
    }
  }
  return result;
}

}  // namespace chronicler::tasks
