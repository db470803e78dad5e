#include "cli/forecast/update.h"

#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/tasks/forecaster.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/forecast/series_options.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/table.h"
#include "cli/training_options.h"

namespace chronicler::cli::forecast {
namespace {

struct Options : SeriesOptions, TrainingOptions {
  std::string model;
  tasks::UpdateOptions task;
};

std::string last_row(const tasks::Forecaster& forecaster) {
  const data::TimeSeries& rows = forecaster.history();
  if (rows.values.empty()) return {};
  const std::int64_t last = rows.observed_rows(forecaster.targets().size());
  return fmt::format(", up to {}",
                     rows.times.empty()
                         ? fmt::format("row {}", forecaster.rows_before_history() + last)
                         : rows.label(last - 1));
}

std::string to_text(const tasks::Forecaster::Updated& updated, const Options& options) {
  std::string text = fmt::format(
      "{} holds the model after {} new {}{}.\n", options.output, with_commas(updated.new_rows),
      updated.new_rows == 1 ? "row" : "rows", last_row(updated.forecaster));
  if (!options.task.train) return text;
  return text + fmt::format(
                    "Trained on, validated on the last {} rows: RMSE {:.4g} as it was, "
                    "{:.4g} after epoch {:.3g} of {:.3g}.\n",
                    with_commas(updated.validation_rows), updated.error_before, updated.error,
                    updated.best_epoch, updated.epochs);
}

nlohmann::ordered_json to_json(const tasks::Forecaster::Updated& updated, const Options& options) {
  nlohmann::ordered_json json;
  json["new_rows"] = updated.new_rows;
  if (!options.task.train) return json;
  add_fields(json, options.task);
  json["validation_rows"] = updated.validation_rows;
  json["rmse_before"] = updated.error_before;
  json["rmse"] = updated.error;
  json["epochs"] = updated.epochs;
  json["best_epoch"] = updated.best_epoch;
  return json;
}

void run(Options& options) {
  begin_training(options);
  check_other_file(options.output, {options.model, options.file});
  const tasks::Forecaster forecaster = tasks::Forecaster::load(options.model);
  const data::TimeSeries series = read_series(options, forecaster.reading(), options.quiet);
  TrainingDisplay display(options, [](double rmse) { return fmt::format("{:.4f}", rmse); });
  options.task.progress = display.progress();
  const tasks::Forecaster::Updated updated = forecaster.update(series, options.task);
  display.line().finish();
  if (updated.stopped) {
    std::cerr << "stopped: no model is written\n";
    stop_if_interrupted();
    return;
  }
  updated.forecaster.save(options.output);
  if (options.json) {
    std::cout << to_json(updated, options).dump() << std::endl;
  } else {
    std::cout << to_text(updated, options);
  }
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "from forecast train or update")->required();
  add_series(app, *options);
  add_output(app, *options);
  add_fields(app, options->task);
  for (const char* name : {"--epochs", "--validation-rows", "--learning-rate"})
    app.get_option(name)->needs(app.get_option("--train"));
  add_threads(app, options->threads);
  app.add_flag("--quiet", options->quiet, "no progress")->disable_flag_override();
  app.add_flag("--json", options->json, "the results as JSON")->disable_flag_override();
  return [options] { run(*options); };
}

}  // namespace

Command update_command() {
  return {"update", "puts newer rows behind those that a model knows, and may train on with them",
          "  chronicler forecast update energy.keras newer.csv -o newer.keras\n"
          "  chronicler forecast update energy.keras newer.csv -o newer.keras --train --epochs 10\n"
          "  chronicler forecast run newer.keras\n",
          describe};
}

}  // namespace chronicler::cli::forecast
