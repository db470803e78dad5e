// A forecaster predicts the rows of a time series that come next, from the rows before them, with
// quantiles. Training chooses scale, lookback and size from the data, and compares the model with
// baselines that need no network.
//
//   data::TimeSeries series = data::read_time_series("energy.csv", {.columns = {"OT"}});
//   const auto trained = tasks::Forecaster::train(series, {.horizon = 24});
//   trained.forecaster.save("energy.keras");  // trained.report compares it with the baselines
//   tasks::Forecast next = tasks::Forecaster::load("energy.keras").run(series);
//
// Columns that are known ahead are the last ones: of {.columns = {"sold", "price"}}, with
// {.horizon = 14, .future = 1}, run reads the prices of the rows behind the last that was sold, or
// of a tensor (14, 1). Newer rows are put behind those that a model keeps:
//
//   const tasks::Forecaster::Updated newer = forecaster.update(rows, {.train = true});
//   tasks::Forecast next = newer.forecaster.run();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/base/tensor.h"
#include "chronicler/data/time_series.h"
#include "chronicler/tasks/recurrent_cell.h"
#include "chronicler/tasks/task_progress.h"

namespace chronicler {
class Functional;
}

namespace chronicler::tasks {

struct ForecastRecipe;

// What is 0 or empty is chosen from the rows; fields() says what each option is.
struct ForecastOptions {
  std::int64_t horizon = 1;
  std::int64_t covariates = 0;
  std::int64_t future = 0;
  std::int64_t test_rows = 0;
  std::int64_t validation_rows = 0;
  std::int64_t test_every = 1;
  std::vector<double> quantiles = {0.1, 0.9};
  std::uint64_t seed = 0;
  std::int64_t lookback = 0;
  std::int64_t epochs = 0;
  std::int64_t units = 0;
  std::int64_t layers = 1;
  std::int64_t networks = 0;
  double learning_rate = 0.003;
  double dropout = 0.2;
  std::string cell = "lstm";
  std::string transform = {};

  std::function<void(const std::string& line)> say = {};  // what was chosen, and why
  double report_seconds = 0.5;  // at least so long between two calls of progress
  // The validation is the RMSE, in deviations of the change that is forecast.
  TaskProgressFunction progress = {};
  // A file: what an interrupted training goes on from. Networks that are done lie beside it
  // (finished_networks_file).
  std::string checkpoint = {};
  bool resume = false;                          // goes on from the checkpoint, if there is one
  double max_seconds = 0.0;                     // of all networks
  std::optional<std::int64_t> stop_after = {};  // epochs of all networks together
  std::string memory_budget = {};               // "64MB": see FitOptions

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ForecastOptions;
    const FieldRange rows = between(1, 1'000'000'000);
    visit("horizon", &Options::horizon, rows, "rows to forecast at once");
    visit("covariates", &Options::covariates, at_least(0),
          "how many of the columns, those after the targets, are inputs known up to now");
    visit("future", &Options::future, at_least(0),
          "how many of the columns, the last ones, are inputs known for the rows to forecast, too");
    visit("test_rows", &Options::test_rows, rows,
          "the last rows, which test the model; nothing is learnt from them",
          {.default_text = "a fifth"});
    visit("validation_rows", &Options::validation_rows, rows,
          "the rows before those, by which the epoch and the settings are chosen",
          {.default_text = "a quarter of the rest"});
    visit("test_every", &Options::test_every, rows, "rows between two forecasts of the test",
          {.is_of_run = true});
    visit("quantiles", &Options::quantiles,
          FieldRange{.least = 0.0, .most = 1.0, .least_is_out = true, .most_is_out = true},
          "to forecast beside the mean, in rising order; none: the mean alone");
    visit("seed", &Options::seed, at_least(0), "fixes weights, order and noise");
    visit("lookback", &Options::lookback, rows, "rows back that the linear part sees",
          {.default_text = "from the data"});
    visit("epochs", &Options::epochs, between(1, 1'000'000),
          "most times to read the rows; ends earlier where the validation gets no better",
          {.default_text = "100; 60 or 30 where rows are many"});
    visit("units", &Options::units, between(1, 8192), "units of the recurrent layer",
          {.default_text = "16 to 96, from the number of rows"});
    visit("layers", &Options::layers, between(1, 16), "recurrent layers");
    visit("networks", &Options::networks, between(1, 64),
          "networks whose mean is the forecast, each validated on rows of its own",
          {.default_text = "3; 1 where rows are many"});
    visit("learning_rate", &Options::learning_rate, above(0.0), "the highest of the schedule");
    visit("dropout", &Options::dropout, share_below(1.0), "share left out of the recurrent output");
    visit("cell", &Options::cell, one_of_cells(), "the recurrent layer");
    visit("transform", &Options::transform, one_of({"none", "log"}),
          "what is done to the numbers first",
          {.default_text = "whichever forecasts the validation rows better"});
    visit_run_fields<Options>(visit);
  }
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
  std::optional<ForecastScore> adapted = {};  // the model as it keeps learning, if that was asked
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

  // Of each forecast the first step, of the first target: for a plot. (forecasts)
  std::vector<std::int64_t> rows;   // of the series on the model's calendar
  std::vector<std::int64_t> times;  // of these rows; empty without a clock
  std::vector<double> truth;
  std::vector<double> predicted;
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
  std::int64_t first_row = 0;       // of these, in the series on the model's calendar
  std::int64_t horizon() const {
    return targets.empty() ? 0 : static_cast<std::int64_t>(mean.size() / targets.size());
  }
};

struct BacktestOptions {
  std::int64_t rows = 0;
  std::int64_t every = 1;
  bool adapt = false;
  double learning_rate = 0.01;
  double decay = 0.001;
  std::int64_t steps = 4;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BacktestOptions;
    const FieldRange range = between(1, 1'000'000'000);
    visit("rows", &Options::rows, range, "the last so many",
          {.default_text = "those that the model was not learnt from, or all"});
    visit("every", &Options::every, range, "rows between two forecasts");
    visit(
        "adapt", &Options::adapt, any_value(),
        "compares also a copy of the model that keeps learning from rows whose truth has come; the "
        "model stays as it is");
    visit("learning_rate", &Options::learning_rate, above(0.0),
          "size of a step of the weights while they adapt");
    visit("decay", &Options::decay, between(0.0, 1.0),
          "share by which such a step draws a weight back to where training left it");
    visit("steps", &Options::steps, between(1, 100'000),
          "rows that are learnt from at a time while the model adapts");
  }
};

// What a recurrent layer has in mind after a row: its output there, which is its hidden state h.
struct RecurrentState {
  std::string layer;   // its name
  std::string target;  // of whose series: each has a state of its own
  std::vector<float> values;
};

struct UpdateOptions {
  bool train = false;
  std::int64_t epochs = 20;
  std::int64_t validation_rows = 0;
  double learning_rate = 0.001;
  std::uint64_t seed = 0;

  double report_seconds = 0.5;
  TaskProgressFunction progress = {};  // as that of ForecastOptions

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = UpdateOptions;
    visit("train", &Options::train, any_value(),
          "trains on with all rows, from the weights that the model has");
    visit("epochs", &Options::epochs, between(1, 1'000'000),
          "most times to read the rows; ends earlier where the validation gets no better");
    visit("validation_rows", &Options::validation_rows, between(1, 1'000'000'000),
          "the last rows, by which the epoch is chosen",
          {.default_text = "a quarter of those that the model has not learnt from"});
    visit("learning_rate", &Options::learning_rate, above(0.0), "the highest of the schedule");
    visit("seed", &Options::seed, at_least(0), "fixes order and noise");
  }
};

struct ForecastHistory;

// A value: copies share the network.
class Forecaster {
 public:
  struct Trained;
  struct Updated;
  // Learns from the rows before the test part, and measures itself on that. Throws Error for a
  // series that is too short or constant, and options out of their range. A run that is paused
  // gives what it has learnt so far.
  static Trained train(const data::TimeSeries& series, const ForecastOptions& options);

  // The forecasts of K = 2 to 20 folds, as TimeSeriesSplit of scikit-learn cuts them: equal
  // stretches at the end of the series (of test_rows, or a (K + 1)-th of all), each forecast by a
  // model that has learnt from the rows before it. A run that is paused gives the folds before.
  static std::vector<ForecastReport> cross_validate(const data::TimeSeries& series,
                                                    const ForecastOptions& options,
                                                    std::int64_t folds);

  // Series for the following have columns() as columns, in this order.
  //
  // Without columns that are known ahead: what comes after the last row. With some: after the last
  // row in which a target is observed; the rows behind it have their values for the horizon. Throws
  // Error if these are fewer than the horizon, or one has no number there.
  Forecast run(const data::TimeSeries& series) const;
  // The same with these values in their place: (horizon or more, future().size()).
  Forecast run(const data::TimeSeries& series, const Tensor& ahead) const;
  // After the rows of history(). Throws Error if the model keeps none.
  Forecast run() const;
  ForecastReport backtest(const data::TimeSeries& series,
                          const BacktestOptions& options = {}) const;
  // The states from which run(series) forecasts, of each recurrent layer and target. The layers
  // read the rows that a forecast looks back over, from zeros. Throws Error as run does.
  std::vector<RecurrentState> state(const data::TimeSeries& series) const;

  // The same model after newer rows: they are put behind history(), where rows of the same times
  // give way to them. The weights stay as they are, or train on with all of these rows, and what
  // was learnt of the numbers otherwise (scales, lookback, size) stays. Throws Error if the rows
  // bring nothing newer, and, to train, if there are too few.
  Updated update(const data::TimeSeries& rows, const UpdateOptions& options = {}) const;
  // The last rows that the model knows, at most 2,000 or as many as a forecast looks back over, and
  // those of columns known ahead; its file holds them. Empty for models of older versions, for
  // very many columns, and if a value is no number.
  const data::TimeSeries& history() const;
  // How many rows came before those, if rows have no times.
  std::int64_t rows_before_history() const;

  void save(const std::string& path) const;
  static Forecaster load(const std::string& path);

  const std::vector<std::string>& targets() const;
  const std::vector<std::string>& covariates() const;
  const std::vector<std::string>& future() const;  // known ahead
  std::vector<std::string> columns() const;        // targets, covariates, future
  const std::string& time_column() const;          // empty: none
  // When rows come, as the training rows say; without a step for a model that has no clock, or is
  // from before it was kept: then the rows that are given say it.
  const data::RowCalendar& calendar() const;
  // How the rows that were learnt from were read, and others are read alike: columns, time, dates.
  data::TimeSeriesOptions reading() const;
  std::int64_t horizon() const;
  std::int64_t rows_needed() const;  // for one forecast
  const Functional& network() const { return *network_; }

 private:
  // The series on the model's clock and its rows before the forecast. Throws Error if they are too
  // few, or those known ahead behind them are.
  std::pair<data::TimeSeries, std::int64_t> rows_to_run(const data::TimeSeries& series) const;

  Forecaster(const ForecastRecipe& recipe, Functional network, ForecastHistory history);

  std::shared_ptr<const ForecastRecipe> recipe_;
  std::shared_ptr<Functional> network_;
  std::shared_ptr<const ForecastHistory> history_;
};

struct Forecaster::Trained {
  Forecaster forecaster;
  ForecastReport report;
  bool stopped = false;          // paused
  double epochs = 0.0;           // done, by all networks
  ForecastOptions options = {};  // as they were chosen
};

struct Forecaster::Updated {
  Forecaster forecaster;
  std::int64_t new_rows = 0;  // behind those that the model knew
  // Of a training: RMSE of the validation rows, in deviations of the change that is forecast.
  std::int64_t validation_rows = 0;
  double error_before = 0.0;
  double error = 0.0;
  double epochs = 0.0;      // done
  double best_epoch = 0.0;  // whose weights the model has; 0: those that it had
  bool stopped = false;     // paused
};

}  // namespace chronicler::tasks
