// Trains one network of a forecaster on whole stretches of a series: each step of a stretch is an
// example, so that a stretch costs hardly more than a window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/network.h"
#include "tasks/shared/networks_in_turn.h"

namespace chronicler::tasks {

// Rows [begin, end).
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool holds(std::int64_t row) const { return row >= begin && row < end; }
};

struct TrainingPlan {
  NetworkShape shape;
  std::vector<double> quantiles;
  std::int64_t memory = 1;   // steps before the first answer of a stretch
  std::int64_t stretch = 1;  // answers in a stretch
  std::int64_t first = 0;    // the first row that forecasts may start from
  RowRange train;            // truths to learn from ...
  RowRange held;             // ... but for these, which choose the epoch
  std::int64_t batch = 16;
  std::int64_t epochs = 1;
  std::int64_t patience = 1;
  double learning_rate = 1e-3;
  double quantile_weight = 0.2;
  std::uint64_t seed = 0;
};

struct TrainedMember {
  TaskRunResult run;
  double start = 0.0;  // validation RMSE of the linear start
};

// Trains `network`, the next of them, which is left with its best weights.
TrainedMember train_member(Functional& network, const ForecastFrame& frame,
                           const TrainingPlan& plan, NetworksInTurn& networks);

// What the network reads and is to answer on the stretch of plan.stretch rows from `begin` on, of
// every channel; the truths that count are those of rows `counted`.
Batch stretch_batch(const ForecastFrame& frame, const TrainingPlan& plan, std::int64_t begin,
                    const RowRange& counted);

// What the network predicts for forecasts that start at these rows of a channel: (rows, (1 + Q) H)
// in the recipe's unit. Each reads exactly `memory` rows.
std::vector<float> predicted_changes(Functional& network, const ForecastFrame& frame,
                                     std::int64_t channel, const std::vector<std::int64_t>& rows,
                                     std::int64_t memory);

}  // namespace chronicler::tasks
