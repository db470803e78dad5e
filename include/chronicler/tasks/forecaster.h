// Forecasts of series from their own past: data, network, baselines and errors put together.
//
//   data::TimeSeries series = data::read_time_series("energy.csv", {.columns = {"OT"}});
//   const auto trained = tasks::Forecaster::train(series, {.horizon = 24});
//   trained.forecaster.save("energy.keras");  // trained.report compares it with the baselines
//   tasks::Forecast next = tasks::Forecaster::load("energy.keras").run(series);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/data/time_series.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler {
class Functional;
}

namespace chronicler::tasks {

struct ForecastRecipe;

struct ForecastOptions {
  std::int64_t horizon = 1;     // rows to tell at once
  std::int64_t covariates = 0;  // how many of the series' columns, the last ones, are only seen
  std::int64_t test_rows = 0;   // the last rows, which nothing is learnt from; 0: a fifth
  std::int64_t validation_rows =
      0;                        // the rows before those, which choose; 0: a quarter of the rest
  std::int64_t test_every = 1;  // rows between two forecasts of the test
  std::vector<double> quantiles = {0.1, 0.9};
  std::uint64_t seed = 0;

  // 0 or empty: chosen from the data.
  std::int64_t lookback = 0;
  std::int64_t epochs = 0;
  std::int64_t units = 0;
  std::int64_t layers = 0;
  std::int64_t members = 0;  // networks whose mean is told, each validated on rows of its own
  double learning_rate = 0.0;
  double dropout = -1.0;
  std::string cell = {};       // "lstm" or "gru"
  std::string transform = {};  // "none" or "log"

  std::function<void(const std::string& line)> say = {};  // what was chosen, and why
  double report_seconds = 0.5;  // at least so long between two calls of progress
  // The validation is the RMSE, in deviations of the change that is forecast.
  TaskProgressFunction progress = {};
  // A file: what an interrupted training goes on from. Networks that are done lie beside it
  // (finished_networks_file).
  std::string checkpoint = {};
  bool resume = false;                          // goes on from the checkpoint, if there is one
  double max_seconds = 0.0;                     // of all networks, instead of epochs, if above 0
  std::optional<std::int64_t> stop_after = {};  // epochs of all networks together: pauses there
};

// Errors of one way to forecast, over all forecasts of the test part.
struct ForecastScore {
  std::string name;
  double rmse = 0.0;
  double mae = 0.0;
  double mse_scaled = 0.0;  // in units of the training part's deviation, the mean over targets
  double mae_scaled = 0.0;
  double mape = 0.0;  // in parts of a hundred; NaN if a true value is 0
  double smape = 0.0;
  double mase = 0.0;
  std::vector<double> rmse_by_step;
  std::vector<double> mape_by_step;
};

struct ForecastReport {
  ForecastScore model;
  ForecastScore repeat_last;
  ForecastScore seasonal_naive;
  ForecastScore linear_ar;
  std::int64_t period = 1;
  std::int64_t forecasts = 0;  // how many were compared
  std::int64_t left_out = 0;   // truths that the file does not have
  std::vector<double> quantiles;
  double coverage = 0.0;  // share of truths between the outer quantiles
  double nominal = 0.0;   // what it should be

  // By how much the mean squared error is below the best baseline's, as a share of that; with its
  // 95 % interval, from resampled stretches of the test part.
  double gain = 0.0;
  double gain_low = 0.0;
  double gain_high = 0.0;
  // Share of forecasts whose direction is right, with its 95 % interval, and the share of the more
  // frequent direction.
  double direction = 0.0;
  double direction_low = 0.0;
  double direction_high = 0.0;
  double always_one_way = 0.0;
  bool is_random_walk = false;  // nothing beats repeating the last value: as prices are

  double seconds = 0.0;  // of training
  std::string verdict;   // one or two sentences
  std::vector<std::string> notes;

  // What each forecast said at step 1 and at the last: for a plot. (forecasts)
  std::vector<std::int64_t> rows;   // of the series on the model's calendar
  std::vector<std::int64_t> times;  // of these rows; empty without a clock
  std::vector<double> truth;
  std::vector<double> told;
  std::vector<double> low;
  std::vector<double> high;

  const ForecastScore& best_baseline() const;
};

// What comes after a series' last row.
struct Forecast {
  std::vector<std::string> targets;
  std::vector<double> quantiles;
  std::vector<std::int64_t> times;  // (H); empty without a clock
  std::vector<double> mean;         // (H, targets)
  std::vector<double> values;       // (H, targets, quantiles)
  std::int64_t horizon() const {
    return targets.empty() ? 0 : static_cast<std::int64_t>(mean.size() / targets.size());
  }
};

struct BacktestOptions {
  std::int64_t rows = 0;   // the last so many rows; 0: those after the training part, or all
  std::int64_t every = 1;  // rows between two forecasts
};

// A value: copies share the network.
class Forecaster {
 public:
  struct Trained;
  // Learns from the rows before the test part, and measures itself on that. Throws Error for a
  // series that is too short or constant, and options out of their range. A run that is paused
  // gives what it has learnt so far.
  static Trained train(const data::TimeSeries& series, const ForecastOptions& options);

  // Series for the following have targets() and covariates() as columns, in this order.
  Forecast run(const data::TimeSeries& series) const;
  ForecastReport backtest(const data::TimeSeries& series,
                          const BacktestOptions& options = {}) const;

  void save(const std::string& path) const;
  static Forecaster load(const std::string& path);

  const std::vector<std::string>& targets() const;
  const std::vector<std::string>& covariates() const;
  std::vector<std::string> columns() const;  // targets, then covariates
  const std::string& time_column() const;    // empty: none
  // When rows come, as the training rows say; without a step for a model that has no clock, or is
  // from before it was kept: then the rows that are given say it.
  const data::RowCalendar& calendar() const;
  // How the rows that were learnt from were read, and others are read alike: columns, time, dates.
  data::TimeSeriesOptions reading() const;
  std::int64_t horizon() const;
  std::int64_t rows_needed() const;  // for one forecast
  const Functional& network() const { return *network_; }

 private:
  Forecaster(std::shared_ptr<const ForecastRecipe> recipe, std::shared_ptr<Functional> network)
      : recipe_(std::move(recipe)), network_(std::move(network)) {}

  std::shared_ptr<const ForecastRecipe> recipe_;
  std::shared_ptr<Functional> network_;
};

struct Forecaster::Trained {
  Forecaster forecaster;
  ForecastReport report;
  bool stopped = false;  // paused
  double epochs = 0.0;   // done, by all networks
};

}  // namespace chronicler::tasks
