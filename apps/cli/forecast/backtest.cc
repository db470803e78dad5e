#include "cli/forecast/backtest.h"

#include <iostream>
#include <memory>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/runtime.h"
#include "chronicler/insight/svg.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/forecast/report.h"
#include "cli/forecast/series_options.h"
#include "cli/output_file.h"

namespace chronicler::cli::forecast {
namespace {

struct Options : SeriesOptions {
  std::string model;
  tasks::BacktestOptions backtest;
  std::string plot;
  int threads = 0;
  bool json = false;
};

void run(const Options& options) {
  if (!options.plot.empty()) check_output_file(options.plot);
  check_other_file(options.plot, {options.model, options.file});
  if (options.threads != 0) set_threads(options.threads);
  const tasks::Forecaster forecaster = tasks::Forecaster::load(options.model);
  const data::TimeSeries series = read_series(options, forecaster.reading(), false);
  const tasks::ForecastReport report = forecaster.backtest(series, options.backtest);
  for (std::size_t i = series.notes.size(); i < report.notes.size(); ++i)
    std::cerr << report.notes[i] << '\n';
  if (!options.plot.empty()) {
    write_file_atomically(options.plot,
                          insight::to_svg(chart_of(report, forecaster.targets().front())));
  }
  if (options.json) {
    nlohmann::ordered_json json = to_json(report);
    json.erase("seconds");
    std::cout << json.dump() << std::endl;
  } else {
    std::cout << to_text(report);
  }
}

}  // namespace

Command backtest_command() {
  return {
      "backtest", "compares a model's forecasts of known rows with baselines",
      "  chronicler forecast backtest energy.keras energy.csv\n"
      "  chronicler forecast backtest energy.keras energy.csv --rows 500 --json\n"
      "  chronicler forecast backtest energy.keras energy.csv --adapt\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        app.add_option("MODEL", options->model, "from forecast train")->required();
        add_series(app, *options);
        add_fields(app, options->backtest);
        need_adapt(app);
        app.add_option("--plot", options->plot, "forecasts beside the truth, SVG")
            ->type_name("FILE");
        app.add_flag("--json", options->json, "the comparison as JSON")->disable_flag_override();
        add_threads(app, options->threads);
        return [options] { run(*options); };
      }};
}

}  // namespace chronicler::cli::forecast
