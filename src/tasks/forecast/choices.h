// What a forecaster chooses from the data before a network is trained: scales, lookback, penalty,
// period. Chosen by errors on the validation rows; the test rows are never looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/training.h"
#include "tasks/shared/ridge.h"

namespace chronicler::tasks {

// Mean and deviation of the columns in [0, end).
std::vector<Scale> learn_scales(const data::TimeSeries& series, std::int64_t targets, bool log,
                                std::int64_t end);

// The period of the seasonal naive forecast: the calendar's or the autocorrelation's, whichever
// errs least within the rows [0, end).
std::int64_t choose_period(const data::TimeSeries& series, std::int64_t horizon, std::int64_t end);

// Sums over the examples of some rows, block by block.
struct Blocks {
  std::vector<RowRange> ranges;
  std::vector<Moments> moments;

  Moments total() const;
  Moments without(std::size_t block) const;
};

// Of the linear path's features (or the target's own alone) and the changes, in the recipe's unit.
// An example belongs to the block that holds all of its truths.
Blocks gather_blocks(const ForecastFrame& frame, std::int64_t horizon, std::int64_t first,
                     std::vector<RowRange> ranges, std::int64_t own_lookback);

struct LinearChoice {
  std::vector<std::int64_t> features;
  double penalty = 1e-3;
  double error = 0.0;  // mean squared
};
// These sets of features, each with its best penalty, best first: each block is judged by what was
// learnt without it; of long series, the last block alone.
std::vector<LinearChoice> judge_linear(const Blocks& blocks,
                                       const std::vector<std::vector<std::int64_t>>& feature_sets);

// The mean of the maps of all choices that are about as good as the first: steadier than any.
LinearMap mean_map(const Moments& moments, const std::vector<LinearChoice>& choices);

// Lookbacks worth trying, up to `longest`.
std::vector<std::int64_t> lookbacks(std::int64_t period, std::int64_t longest);

}  // namespace chronicler::tasks
