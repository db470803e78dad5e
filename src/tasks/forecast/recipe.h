// What a forecaster has learnt of the data besides the network's weights: a value that model files
// keep as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/time_series.h"

namespace chronicler::tasks {

// A column brought to mean 0 and deviation 1 by the numbers of the training part; targets perhaps
// as logarithms.
struct Scale {
  bool log = false;
  double mean = 0.0;
  double deviation = 1.0;

  double scaled(double value) const;
  double original(double z) const;
};

struct ForecastRecipe {
  std::vector<std::string> targets;
  std::vector<std::string> covariates;
  std::vector<std::string> future;  // covariates that are known ahead
  std::vector<Scale> scales;        // of the targets, the covariates, the future
  std::string time_column;
  data::Notation notation;  // of the file that was learnt from
  // Times with an offset are those of their own clock; false: of UTC, in models made before.
  bool own_clock = true;
  data::RowCalendar clock;  // when rows come; without a step if they have no times
  bool clock_is_learnt =
      true;                    // false: a file from before it was kept, and `clock` is but its step
  bool calendar = false;       // the network sees it
  bool calendar_year = false;  // the time of the year, too

  std::int64_t horizon = 1;
  std::int64_t lookback = 1;            // values that the linear path sees
  std::int64_t covariate_lookback = 0;  // of each covariate, those known ahead too
  std::int64_t memory = 1;              // steps that the recurrent layer reads before it answers
  std::int64_t period = 1;              // of the seasonal naive forecast
  double change = 1.0;       // deviation of z[t + h] - z[t]: the unit of the network's answers
  double step_change = 1.0;  // deviation of z[t] - z[t - 1]
  std::vector<double> quantiles;
  // (targets, future): by how much a deviation of a column that is known ahead moves a target at
  // the same row. All else is learnt of what remains of the targets. Empty: by nothing.
  std::vector<double> effects;
  // (quantiles, horizon), in `change`: what calibration adds to the network's quantiles.
  std::vector<double> calibration;
  // How much of the network's difference from the last value is believed: below 1 where the
  // validation part shows that less is more, as on a random walk.
  double confidence = 1.0;

  // The linear baseline: (linear_lookback, horizon) weights of z[t], then z[t - i] - z[t]; and
  // (horizon) intercepts; the answer is z[t + h] - z[t] in `change`.
  std::int64_t linear_lookback = 1;
  std::vector<double> linear_weights;
  std::vector<double> linear_intercept;

  std::vector<double> seasonal_error;  // of each target: for MASE, within the training part
  std::int64_t trained_rows = 0;       // rows before the test part
  std::int64_t trained_until = 0;      // the time of the last of them; 0 without times

  // The names of all columns: targets, covariates, future.
  std::vector<std::string> columns() const;

  std::string to_json() const;
  // Throws Error, with `what` as the place, for text that is not such a recipe.
  static ForecastRecipe from_json(std::string_view text, std::string_view what);
};

}  // namespace chronicler::tasks
