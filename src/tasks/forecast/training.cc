#include "tasks/forecast/training.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <span>
#include <utility>

#include "base/shuffle.h"
#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "model/model_internals.h"
#include "tasks/forecast/loss.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

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
    truth.fill(static_cast<double>(missing_target));
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
    return {{step_values, lag_values}, {truth}};
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
    const Tensor predicted = network(std::vector<Tensor>{batch.x[0], batch.x[1]}).front();
    const std::int64_t width = predicted.shape()[2];
    for (std::int64_t i = 0; i < batch.y[0].size(); ++i) {
      const float truth = batch.y[0].as<float>()[i];
      if (truth == missing_target) continue;
      const auto error =
          static_cast<double>(predicted.as<float>()[i / horizon * width + i % horizon] - truth);
      sum += error * error;
      count += 1.0;
    }
  }
  return count > 0.0 ? std::sqrt(sum / count) : 0.0;
}

// Those that hold the rows which choose the epoch.
std::vector<Batch> held_batches(const Stretches& stretches, const TrainingPlan& plan) {
  constexpr std::size_t size = 32;
  std::vector<Batch> batches;
  const std::vector<Stretch> all =
      stretches.covering(std::max(plan.held.begin - 1, plan.first), plan.held.end - 1, 0);
  for (std::size_t begin = 0; begin < all.size(); begin += size) {
    const std::size_t count = std::min(size, all.size() - begin);
    batches.push_back(stretches.batch(std::span(all).subspan(begin, count),
                                      [&](std::int64_t row) { return plan.held.holds(row); }));
  }
  return batches;
}

// Stretches that begin elsewhere, and come in another order, each time; so the number of batches
// varies.
class EpochOfStretches {
 public:
  EpochOfStretches(const Stretches& stretches, const TrainingPlan& plan)
      : stretches_(stretches), plan_(plan), random_(plan.seed) {}

  Dataset::EpochItems begin(const Epoch& epoch) const {
    std::vector<Stretch> order = order_of(epoch.number);
    const std::int64_t size = batches_of(order);
    return {size,
            [this, order = std::move(order)](std::int64_t index) { return batch(order, index); }};
  }
  std::int64_t batches(std::int64_t epoch) const { return batches_of(order_of(epoch)); }

 private:
  std::int64_t batches_of(const std::vector<Stretch>& order) const {
    return (static_cast<std::int64_t>(order.size()) + plan_.batch - 1) / plan_.batch;
  }
  std::vector<Stretch> order_of(std::int64_t epoch) const {
    const auto stream = static_cast<std::uint64_t>(epoch) + 1;
    const auto shift = static_cast<std::int64_t>(
        random_.below(static_cast<std::uint64_t>(plan_.stretch), stream, 0));
    std::vector<Stretch> order = stretches_.covering(plan_.first, plan_.train.end - 1, shift);
    shuffle(order, random_, stream);
    return order;
  }
  Batch batch(std::span<const Stretch> order, std::int64_t index) const {
    const auto begin = static_cast<std::size_t>(index * plan_.batch);
    const std::size_t count = std::min(static_cast<std::size_t>(plan_.batch), order.size() - begin);
    return stretches_.batch(order.subspan(begin, count), [&](std::int64_t row) {
      return plan_.train.holds(row) && !plan_.held.holds(row);
    });
  }

  const Stretches& stretches_;
  const TrainingPlan& plan_;
  Random random_;
};

// The random numbers of dropout follow from a batch's number. Counted as if every epoch had as many
// batches as the one that begins, a seed gives the weights that it has always given.
class StepsOfEpoch final : public Callback {
 public:
  explicit StepsOfEpoch(const EpochOfStretches& epochs) : epochs_(epochs) {}
  void on_epoch_begin(std::int64_t epoch, Logs& /*logs*/) override {
    ModelInternals::trainer(model())->set_step(
        static_cast<std::uint64_t>(epoch * epochs_.batches(epoch)));
  }

 private:
  const EpochOfStretches& epochs_;
};

// Up within the first epoch, then half a cosine down.
callbacks::RateOfShare rate_of(const TrainingPlan& plan) {
  return [highest = plan.learning_rate, epochs = static_cast<double>(plan.epochs)](double share) {
    const double warm = std::min(1.0, share * epochs + 0.05);
    return highest * warm * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
  };
}

}  // namespace

TrainedMember train_member(Functional& network, const ForecastFrame& frame,
                           const TrainingPlan& plan, NetworksInTurn& networks) {
  network.compile(
      {.optimizer = optimizers::Adam({.learning_rate = plan.learning_rate, .global_clipnorm = 1.0}),
       .loss = forecast_loss(plan.quantiles, plan.quantile_weight)});
  const Stretches stretches(frame, plan);
  const std::vector<Batch> held = held_batches(stretches, plan);
  const auto validate = [&] {
    const double rmse = validation_error(network, held, plan.shape.horizon);
    return Validation{rmse, rmse};
  };
  TaskRun run = networks.next();
  run.learning_rate = rate_of(plan);
  run.epochs = static_cast<double>(plan.epochs);
  run.patience = plan.patience;
  run.seed = plan.seed;
  run.validate = validate;
  run.before_training = validate();
  const EpochOfStretches epochs(stretches, plan);
  run.callbacks = {std::make_shared<StepsOfEpoch>(epochs)};
  const Dataset data =
      Dataset::from_epochs([&](const Epoch& epoch) { return epochs.begin(epoch); });
  return {networks.train(network, data, run), run.before_training->error};
}

Batch stretch_batch(const ForecastFrame& frame, const TrainingPlan& plan, std::int64_t begin,
                    const RowRange& counted) {
  std::vector<Stretch> stretches;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel)
    stretches.push_back({channel, begin});
  return Stretches(frame, plan).batch(stretches, [&](std::int64_t row) {
    return counted.holds(row);
  });
}

std::vector<float> predicted_changes(Functional& network, const ForecastFrame& frame,
                                     std::int64_t channel, const std::vector<std::int64_t>& rows,
                                     std::int64_t memory) {
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
    const Tensor predicted = network(std::vector<Tensor>{steps, lags}).front();
    const std::int64_t width = predicted.shape()[2];
    for (std::int64_t i = 0; i < count; ++i) {
      const float* last = predicted.as<float>() + ((i + 1) * memory - 1) * width;
      result.insert(result.end(), last, last + width);
    }
  }
  return result;
}

}  // namespace chronicler::tasks
