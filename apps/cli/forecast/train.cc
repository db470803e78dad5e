#include "cli/forecast/train.h"

#include <cmath>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/runtime.h"
#include "chronicler/insight/svg.h"
#include "cli/common_options.h"
#include "cli/forecast/report.h"
#include "cli/forecast/series_options.h"
#include "cli/output_file.h"
#include "cli/training_options.h"

namespace chronicler::cli::forecast {
namespace {

struct Options : SeriesOptions, TrainingOptions {
  std::string target;
  std::string covariates;
  tasks::ForecastOptions train;
  double test_fraction = 0.0;
  double validation_fraction = 0.0;
  std::string quantiles = "0.1,0.9";
  std::string plot;
};

std::vector<double> read_quantiles(const std::string& text) {
  std::vector<double> quantiles;
  for (const std::string& name : data::split_names(text)) {
    double value = 0.0;
    if (!CLI::detail::lexical_cast(name, value) || !(value > 0.0 && value < 1.0) ||
        (!quantiles.empty() && value <= quantiles.back())) {
      throw UsageError(
          fmt::format("--quantiles needs rising numbers between 0 and 1, got \"{}\"", text),
          "as in --quantiles 0.1,0.5,0.9");
    }
    quantiles.push_back(value);
  }
  return quantiles;
}

std::int64_t share_of(std::int64_t rows, double share) {
  return static_cast<std::int64_t>(std::llround(static_cast<double>(rows) * share));
}

void run(const Options& options) {
  tasks::ForecastOptions train = options.train;
  begin_training(options, train);
  if (!options.plot.empty()) check_output_file(options.plot);
  check_other_file(options.plot, {options.file, options.output});
  std::vector<std::string> columns = data::split_names(options.target);
  const std::vector<std::string> covariates = data::split_names(options.covariates);
  columns.insert(columns.end(), covariates.begin(), covariates.end());
  const data::TimeSeries series = read_series(options, {.columns = columns}, options.quiet);

  train.covariates = static_cast<std::int64_t>(covariates.size());
  train.quantiles = read_quantiles(options.quantiles);
  if (train.test_rows == 0 && options.test_fraction > 0.0)
    train.test_rows = std::max<std::int64_t>(share_of(series.rows(), options.test_fraction), 1);
  if (train.validation_rows == 0 && options.validation_fraction > 0.0) {
    train.validation_rows =
        std::max<std::int64_t>(share_of(series.rows(), options.validation_fraction), 1);
  }
  TrainingDisplay display(options, [](double rmse) { return fmt::format("{:.4f}", rmse); });
  train.say = [&](const std::string& text) { display.line().say(text); };
  train.progress = display.progress();
  const tasks::Forecaster::Trained trained = tasks::Forecaster::train(series, train);
  display.line().finish();
  trained.forecaster.save(options.output);
  if (!options.plot.empty()) {
    write_file_atomically(options.plot, insight::to_svg(chart_of(trained.report, columns.front())));
  }
  if (options.json) {
    std::cout << to_json(trained.report).dump() << std::endl;
  } else {
    std::cout << to_text(trained.report)
              << fmt::format("\n{} holds the model; {:.0f} s.\n", options.output,
                             trained.report.seconds);
  }
  if (trained.stopped) end_stopped_training(options, trained.epochs);
}

}  // namespace

Command train_command() {
  return {
      "train", "a model from a CSV file, beside what needs no model",
      "  chronicler forecast train energy.csv --target OT --horizon 24 -o energy.keras\n"
      "  chronicler forecast train weather.csv --target temp_max --covariates wind,precipitation "
      "--horizon 1 -o w.keras\n"
      "  chronicler forecast train sales.csv --target shop_1,shop_2 --horizon 12 --test-rows 24 -o "
      "s.keras --json\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        tasks::ForecastOptions& train = options->train;
        add_series(app, *options);
        const auto count = [&](const char* name, std::int64_t& value, const char* text) {
          return app.add_option(name, value, text)
              ->type_name("N")
              ->check(whole_number(1, 1'000'000'000));
        };
        app.add_option("--target", options->target, "column to forecast, or several")
            ->type_name("COL,...")
            ->required();
        app.add_option("--covariates", options->covariates,
                       "columns that are known up to now and help")
            ->type_name("COL,...");
        count("--horizon", train.horizon, "how many rows to tell at once (1)");
        count("--test-rows", train.test_rows, "the last rows, to measure on (a fifth)");
        app.add_option("--test-fraction", options->test_fraction, "the same as a share of the rows")
            ->type_name("X")
            ->check(number_from(0.0, 0.9))
            ->excludes("--test-rows");
        count("--validation-rows", train.validation_rows,
              "the rows before those, to choose by (a quarter of the rest)");
        app.add_option("--validation-fraction", options->validation_fraction,
                       "the same as a share of the rows")
            ->type_name("X")
            ->check(number_from(0.0, 0.9))
            ->excludes("--validation-rows");
        count("--test-every", train.test_every, "rows between two forecasts of the test (1)");
        app.add_option("--quantiles", options->quantiles, "to tell beside the mean (0.1,0.9)")
            ->type_name("X,...");
        count("--lookback", train.lookback, "values that the linear path sees (from the data)");
        count("--epochs", train.epochs, "at most so many (from the data)");
        count("--units", train.units, "of the recurrent layer (from the data)");
        count("--layers", train.layers, "recurrent layers (1)");
        count("--networks", train.members, "whose mean is told (from the data)");
        app.add_option("--learning-rate", train.learning_rate, "at the start (from the data)")
            ->type_name("X")
            ->check(number_from(0.0, 1.0));
        app.add_option("--dropout", train.dropout, "behind the recurrent layer (from the data)")
            ->type_name("X")
            ->check(number_from(0.0, 0.99));
        app.add_option("--cell", train.cell, "lstm or gru (lstm)")
            ->check(CLI::IsMember({"lstm", "gru"}));
        app.add_option("--transform", train.transform, "log or none (from the data)")
            ->check(CLI::IsMember({"log", "none"}));
        add_output(app, *options);
        app.add_option("--plot", options->plot, "forecasts of the test part beside the truth, SVG")
            ->type_name("FILE");
        add_run_options(app, *options);
        return [options] { run(*options); };
      }};
}

}  // namespace chronicler::cli::forecast
