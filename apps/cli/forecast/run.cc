#include "cli/forecast/run.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/runtime.h"
#include "chronicler/insight/svg.h"
#include "chronicler/tasks/forecaster.h"
#include "cli/common_options.h"
#include "cli/forecast/series_options.h"
#include "cli/output_file.h"

namespace chronicler::cli::forecast {
namespace {

struct Options : SeriesOptions {
  std::string model;
  std::string output = "-";
  std::string plot;
  int threads = 0;
  bool json = false;
};

// What a forecast comes after.
struct Past {
  data::TimeSeries series;
  std::int64_t rows_before = 0;  // that it does not hold
};

std::string label(const Past& past, const tasks::Forecast& forecast, std::int64_t step) {
  const data::TimeSeries& series = past.series;
  return forecast.times.empty()
             ? fmt::format("{}", past.rows_before + forecast.first_row + step + 1)
             : series.format_time(forecast.times[static_cast<std::size_t>(step)]);
}

// A cell as RFC 4180 has it.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string to_csv(const Past& past, const tasks::Forecast& forecast) {
  std::string time;
  for (const std::string& name : data::split_names(past.series.time_column))
    time += (time.empty() ? "" : ",") + name;
  std::string text = time.empty() ? "row" : cell(time);
  for (const std::string& target : forecast.targets) {
    text += "," + cell(target);
    for (const double quantile : forecast.quantiles)
      text += "," + cell(fmt::format("{}_q{}", target, quantile));
  }
  text += '\n';
  const std::size_t targets = forecast.targets.size();
  const std::size_t quantiles = forecast.quantiles.size();
  for (std::int64_t step = 0; step < forecast.horizon(); ++step) {
    text += cell(label(past, forecast, step));
    for (std::size_t target = 0; target < targets; ++target) {
      const std::size_t at = static_cast<std::size_t>(step) * targets + target;
      text += fmt::format(",{}", forecast.mean[at]);
      for (std::size_t q = 0; q < quantiles; ++q)
        text += fmt::format(",{}", forecast.values[at * quantiles + q]);
    }
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json to_json(const Past& past, const tasks::Forecast& forecast) {
  nlohmann::ordered_json json;
  const std::size_t targets = forecast.targets.size();
  const std::size_t quantiles = forecast.quantiles.size();
  for (std::int64_t step = 0; step < forecast.horizon(); ++step)
    json["time"].push_back(label(past, forecast, step));
  for (std::size_t target = 0; target < targets; ++target) {
    nlohmann::ordered_json& own = json["forecast"][forecast.targets[target]];
    for (std::int64_t step = 0; step < forecast.horizon(); ++step) {
      const std::size_t at = static_cast<std::size_t>(step) * targets + target;
      own["mean"].push_back(forecast.mean[at]);
      for (std::size_t q = 0; q < quantiles; ++q) {
        own[fmt::format("q{}", forecast.quantiles[q])].push_back(
            forecast.values[at * quantiles + q]);
      }
    }
  }
  return json;
}

// How far behind the last row a time is, in steps of the clock; nights and Sundays count.
double steps_behind(const data::TimeSeries& series, std::int64_t last, std::int64_t time) {
  const data::TimeStep& step = series.calendar.step;
  if (step.months > 0) return static_cast<double>(step.between(last, time));
  return static_cast<double>(time - last) / static_cast<double>(step.seconds);
}

insight::LineChart chart_of(const data::TimeSeries& series, const tasks::Forecast& forecast) {
  const std::string& target = forecast.targets.front();
  const std::int64_t rows = forecast.first_row;
  const std::int64_t horizon = forecast.horizon();
  insight::LineChart chart{
      .title = fmt::format("{}: the next {}", target,
                           horizon == 1 ? "value" : fmt::format("{} values", horizon)),
      .x_label =
          series.times.empty() || !series.calendar
              ? "row"
              : fmt::format("{} from {}", series.calendar.step.names(), series.label(rows - 1)),
      .y_label = target,
      .series = {}};
  insight::Series past{.name = "past", .x = {}, .y = {}, .color = 5};
  const std::int64_t shown = std::min(rows, std::max<std::int64_t>(4 * horizon, 60));
  const bool has_clock = !series.times.empty() && series.calendar;
  const double origin = has_clock ? 0.0 : static_cast<double>(rows);
  const auto place = [&](std::int64_t time) {
    return steps_behind(series, series.times[static_cast<std::size_t>(rows - 1)], time);
  };
  for (std::int64_t row = rows - shown; row < rows; ++row) {
    past.x.push_back(has_clock ? place(series.times[static_cast<std::size_t>(row)])
                               : static_cast<double>(row + 1));
    past.y.push_back(series.at(row, 0));
  }
  chart.series.push_back(past);
  const double last = series.at(rows - 1, 0);
  const std::size_t targets = forecast.targets.size();
  const std::size_t quantiles = forecast.quantiles.size();
  const auto add = [&](const std::string& name, bool dashed, const auto& value) {
    insight::Series line{.name = name, .x = {origin}, .y = {last}, .dashed = dashed, .color = 0};
    for (std::int64_t step = 0; step < horizon; ++step) {
      line.x.push_back(has_clock ? place(forecast.times[static_cast<std::size_t>(step)])
                                 : origin + static_cast<double>(step + 1));
      line.y.push_back(value(static_cast<std::size_t>(step) * targets));
    }
    chart.series.push_back(std::move(line));
  };
  add("forecast", false, [&](std::size_t at) { return forecast.mean[at]; });
  for (std::size_t q = 0; q < quantiles; ++q) {
    add(fmt::format("quantile {}", forecast.quantiles[q]), true,
        [&](std::size_t at) { return forecast.values[at * quantiles + q]; });
  }
  return chart;
}

void run(const Options& options) {
  check_output_file(options.output);
  if (!options.plot.empty()) check_output_file(options.plot);
  std::vector<std::string> read{options.model};
  if (!options.file.empty()) read.push_back(options.file);
  check_other_file(options.output, read);
  read.push_back(options.output);
  check_other_file(options.plot, read);
  if (options.threads != 0) set_threads(options.threads);
  const tasks::Forecaster forecaster = tasks::Forecaster::load(options.model);
  Past past{forecaster.history(), forecaster.rows_before_history()};
  if (!options.file.empty()) past = {read_series(options, forecaster.reading(), false), 0};
  const tasks::Forecast forecast =
      options.file.empty() ? forecaster.run() : forecaster.run(past.series);
  const std::string text =
      options.json ? to_json(past, forecast).dump() + "\n" : to_csv(past, forecast);
  if (options.output == "-") {
    std::cout << text;
  } else {
    write_file_atomically(options.output, text);
  }
  if (!options.plot.empty())
    write_file_atomically(options.plot, insight::to_svg(chart_of(past.series, forecast)));
}

}  // namespace

Command run_command() {
  return {"run", "predicts the rows after the last one of a file, or that the model knows",
          "  chronicler forecast run energy.keras energy.csv\n"
          "  chronicler forecast run energy.keras energy.csv -o next.csv --plot next.svg\n"
          "  chronicler forecast run newer.keras\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            app.add_option("MODEL", options->model, "from forecast train")->required();
            add_series(app, *options, false);
            app.add_option("-o,--output", options->output,
                           "a CSV file with mean and quantiles (standard output)")
                ->type_name("FILE");
            app.add_option("--plot", options->plot, "past and forecast, SVG")->type_name("FILE");
            app.add_flag("--json", options->json, "JSON instead of CSV")->disable_flag_override();
            add_threads(app, options->threads);
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli::forecast
