#include "cli/forecast/train.h"

#include <cmath>
#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/runtime.h"
#include "chronicler/insight/svg.h"
#include "cli/common_options.h"
#include "cli/cross_validation.h"
#include "cli/field_options.h"
#include "cli/forecast/report.h"
#include "cli/forecast/series_options.h"
#include "cli/output_file.h"
#include "cli/training_options.h"

namespace chronicler::cli::forecast {
namespace {

using tasks::ForecastReport;

struct Options : SeriesOptions, TrainingOptions {
  std::string target;
  std::string covariates;
  std::string future;
  tasks::ForecastOptions task;
  double test_fraction = 0.0;
  double validation_fraction = 0.0;
  std::string plot;
};

std::int64_t share_of(std::int64_t rows, double share) {
  return static_cast<std::int64_t>(std::llround(static_cast<double>(rows) * share));
}

void run(Options& options) {
  tasks::ForecastOptions& task = options.task;
  begin_training(options, task);
  if (!options.plot.empty()) check_output_file(options.plot);
  check_other_file(options.plot, {options.file, options.output});
  std::vector<std::string> columns = data::split_names(options.target);
  const std::vector<std::string> covariates = data::split_names(options.covariates);
  columns.insert(columns.end(), covariates.begin(), covariates.end());
  const std::vector<std::string> future = data::split_names(options.future);
  columns.insert(columns.end(), future.begin(), future.end());
  const data::TimeSeries series = read_series(options, {.columns = columns}, options.quiet);

  task.covariates = static_cast<std::int64_t>(covariates.size());
  task.future = static_cast<std::int64_t>(future.size());
  // Rows behind the targets' end are of columns that are known ahead.
  const std::int64_t rows =
      future.empty() ? series.rows()
                     : series.observed_rows(columns.size() - covariates.size() - future.size());
  if (task.test_rows == 0 && options.test_fraction > 0.0)
    task.test_rows = std::max<std::int64_t>(share_of(rows, options.test_fraction), 1);
  if (task.validation_rows == 0 && options.validation_fraction > 0.0) {
    task.validation_rows = std::max<std::int64_t>(share_of(rows, options.validation_fraction), 1);
  }
  TrainingDisplay display(options, [](double rmse) { return fmt::format("{:.4f}", rmse); });
  task.say = [&](const std::string& text) { display.line().say(text); };
  task.progress = display.progress();
  const auto number = [](double value) { return fmt::format("{:.4g}", value); };
  const FoldFigures folds = cross_validated<ForecastReport>(
      options, display,
      {{"learnt_rows",
        "rows learnt from",
        {},
        [](const ForecastReport& report) { return static_cast<double>(report.rows.front()); }},
       {"rmse", "RMSE", number, [](const ForecastReport& report) { return report.model.rmse; }},
       {"baseline_rmse", "RMSE of the best baseline", number,
        [](const ForecastReport& report) { return report.best_baseline().rmse; }}},
      [&] { return tasks::Forecaster::cross_validate(series, task, options.folds); });
  const tasks::Forecaster::Trained trained = tasks::Forecaster::train(series, task);
  display.line().finish();
  trained.forecaster.save(options.output);
  if (!options.plot.empty()) {
    write_file_atomically(options.plot, insight::to_svg(chart_of(trained.report, columns.front())));
  }
  if (options.json) {
    nlohmann::ordered_json json = to_json(trained.report);
    add_fields(json, trained.options);
    json["epochs"] = trained.epochs;
    cli::add_folds(json, folds);
    std::cout << json.dump() << std::endl;
  } else {
    std::cout << to_text(trained.report)
              << fmt::format("\n{} holds the model; {:.0f} s.\n", options.output,
                             trained.report.seconds);
  }
  if (trained.stopped) end_stopped_training(options, trained.epochs);
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_series(app, *options);
  app.add_option("--target", options->target, "column to forecast, or several")
      ->type_name("COL,...")
      ->required();
  app.add_option("--covariates", options->covariates, "columns that are known up to now and help")
      ->type_name("COL,...");
  app.add_option(
         "--future", options->future,
         "columns that are known ahead and help, as holidays and prices: forecast run reads "
         "them in the rows behind the target's last number")
      ->type_name("COL,...");
  add_output(app, *options);
  add_fields(app, options->task, {"covariates", "future"});
  const auto share = [&](const std::string& name, double& value, const std::string& rows) {
    app.add_option(name, value, fmt::format("the same as {}, as a share of all", rows))
        ->type_name("X")
        ->check(number_from(0.0, 0.9))
        ->excludes(rows);
  };
  share("--test-fraction", options->test_fraction, "--test-rows");
  share("--validation-fraction", options->validation_fraction, "--validation-rows");
  app.add_option("--plot", options->plot, "forecasts of the test part beside the truth, SVG")
      ->type_name("FILE");
  add_program_options(app, *options);
  return [options] { run(*options); };
}

}  // namespace

Command train_command() {
  return {
      "train", "trains a model from a CSV file and compares it with baselines",
      "  chronicler forecast train energy.csv --target OT --horizon 24 -o energy.keras\n"
      "  chronicler forecast train weather.csv --target temp_max --covariates wind,precipitation "
      "--horizon 1 -o w.keras\n"
      "  chronicler forecast train sales.csv --target sold --future price,holiday --horizon 14 -o "
      "s.keras\n"
      "  chronicler forecast train sales.csv --target shop_1,shop_2 --horizon 12 --test-rows 24 -o "
      "s.keras --json\n",
      describe};
}

}  // namespace chronicler::cli::forecast
