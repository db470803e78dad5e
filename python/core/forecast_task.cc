// The forecaster, and reading series from files.
#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/data/time_series.h"
#include "chronicler/tasks/forecaster.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "task_options.h"

namespace chronicler::python {
namespace {

using data::TimeSeries;
using tasks::Forecaster;

template <class Value>
void take(const nb::dict& given, const char* name, Value& value) {
  if (given.contains(name) && !nb::object(given[name]).is_none())
    value = nb::cast<Value>(given[name]);
}

data::TimeSeriesOptions reading_of(const nb::dict& given) {
  data::TimeSeriesOptions options;
  take(given, "columns", options.columns);
  take(given, "time", options.time);
  take(given, "sort", options.sort);
  take(given, "average_doubles", options.average_doubles);
  take(given, "utc", options.utc);
  if (given.contains("where")) {
    for (const auto [column, value] : nb::cast<nb::dict>(given["where"]))
      options.where.push_back({nb::cast<std::string>(column), nb::cast<std::string>(value)});
  }
  return options;
}

nb::dict score_of(const tasks::ForecastScore& score) {
  nb::dict all;
  all["name"] = score.name;
  all["rmse"] = score.rmse;
  all["mae"] = score.mae;
  all["mape"] = score.mape;
  all["smape"] = score.smape;
  all["mase"] = score.mase;
  all["mse_scaled"] = score.mse_scaled;
  all["mae_scaled"] = score.mae_scaled;
  all["rmse_by_step"] = score.rmse_by_step;
  return all;
}

nb::dict report_of(const tasks::ForecastReport& report) {
  nb::dict all;
  all["model"] = score_of(report.model);
  all["repeat_last"] = score_of(report.repeat_last);
  all["seasonal_naive"] = score_of(report.seasonal_naive);
  all["linear_ar"] = score_of(report.linear_ar);
  if (report.adapted) all["adapted"] = score_of(*report.adapted);
  all["period"] = report.period;
  all["forecasts"] = report.forecasts;
  all["quantiles"] = report.quantiles;
  all["coverage"] = report.coverage;
  all["nominal"] = report.nominal;
  all["gain"] = report.gain;
  all["gain_low"] = report.gain_low;
  all["gain_high"] = report.gain_high;
  all["is_random_walk"] = report.is_random_walk;
  all["seconds"] = report.seconds;
  all["verdict"] = report.verdict;
  all["notes"] = report.notes;
  return all;
}

nb::dict forecast_of(const tasks::Forecast& forecast, const TimeSeries& series) {
  const auto extent = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  const Shape rows{forecast.horizon(), extent(forecast.targets.size())};
  nb::list times;
  for (const std::int64_t time : forecast.times) {
    const std::string text = series.format_time(time);
    times.append(nb::str(text.data(), text.size()));
  }
  nb::dict all;
  all["targets"] = forecast.targets;
  all["quantiles"] = forecast.quantiles;
  all["times"] = times;
  all["first_row"] = forecast.first_row;
  all["mean"] = to_array(Tensor(rows, forecast.mean));
  all["values"] =
      to_array(Tensor(Shape{rows[0], rows[1], extent(forecast.quantiles.size())}, forecast.values));
  return all;
}

// A forecaster with what it was measured to be.
struct Trained {
  Forecaster forecaster;
  std::optional<tasks::ForecastReport> report = {};
  double epochs = 0.0;
  bool stopped = false;
};

Trained train(const TimeSeries& series, const nb::dict& given, nb::object progress) {
  tasks::ForecastOptions options;
  take_options(given, options);
  take_run(given, std::move(progress), options);
  const Unlocked unlocked;
  Forecaster::Trained trained = Forecaster::train(series, options);
  return {std::move(trained.forecaster), std::move(trained.report), trained.epochs,
          trained.stopped};
}

nb::dict run(const Trained& trained, const TimeSeries& series, nb::handle ahead) {
  const Tensor known = to_optional_tensor(ahead);
  const tasks::Forecast forecast = alone_on(&trained.forecaster.network(), [&] {
    return known ? trained.forecaster.run(series, known) : trained.forecaster.run(series);
  });
  return forecast_of(forecast, series);
}

nb::dict backtest(const Trained& trained, const TimeSeries& series, const nb::dict& given) {
  tasks::BacktestOptions options;
  take_options(given, options);
  tasks::ForecastReport report;
  {
    const Alone alone(&trained.forecaster.network());
    report = trained.forecaster.backtest(series, options);
  }
  return report_of(report);
}

nb::list state(const Trained& trained, const TimeSeries& series) {
  const std::vector<tasks::RecurrentState> states =
      alone_on(&trained.forecaster.network(), [&] { return trained.forecaster.state(series); });
  nb::list all;
  for (const tasks::RecurrentState& each : states) {
    const Shape shape{static_cast<std::int64_t>(each.values.size())};
    all.append(nb::make_tuple(each.layer, each.target, to_array(Tensor(shape, each.values))));
  }
  return all;
}

nb::tuple update(const Trained& trained, const TimeSeries& series, const nb::dict& given,
                 nb::object progress) {
  tasks::UpdateOptions options;
  take_options(given, options);
  options.progress = progress_of(std::move(progress));
  Forecaster::Updated updated = [&] {
    const Alone alone(&trained.forecaster.network());
    return trained.forecaster.update(series, options);
  }();
  nb::dict report;
  report["new_rows"] = updated.new_rows;
  report["validation_rows"] = updated.validation_rows;
  report["error_before"] = updated.error_before;
  report["error"] = updated.error;
  report["epochs"] = updated.epochs;
  report["best_epoch"] = updated.best_epoch;
  report["stopped"] = updated.stopped;
  return nb::make_tuple(Trained{std::move(updated.forecaster), trained.report}, report);
}

nb::list cross_validate(const TimeSeries& series, const nb::dict& given, std::int64_t folds,
                        nb::object progress) {
  tasks::ForecastOptions options;
  take_options(given, options);
  options.progress = progress_of(std::move(progress));
  std::vector<tasks::ForecastReport> reports;
  {
    const Unlocked unlocked;
    reports = Forecaster::cross_validate(series, options, folds);
  }
  nb::list all;
  for (const tasks::ForecastReport& report : reports) all.append(report_of(report));
  return all;
}

void bind_series(nb::module_& module) {
  nb::class_<TimeSeries>(module, "TimeSeries")
      .def_prop_ro("rows", &TimeSeries::rows)
      .def_rw("source", &TimeSeries::source)
      .def_ro("columns", &TimeSeries::columns)
      .def_ro("time_column", &TimeSeries::time_column)
      .def_ro("notes", &TimeSeries::notes)
      .def_prop_ro("values",
                   [](const TimeSeries& series) {
                     const auto columns = static_cast<std::int64_t>(series.columns.size());
                     return to_array(Tensor(Shape{series.rows(), columns}, series.values));
                   })
      .def_prop_ro("observed",
                   [](const TimeSeries& series) {
                     const auto columns = static_cast<std::int64_t>(series.columns.size());
                     return to_array(
                         Tensor::of<std::uint8_t>(Shape{series.rows(), columns}, series.observed));
                   })
      .def_prop_ro("labels", [](const TimeSeries& series) {
        std::vector<std::string> labels;
        for (std::int64_t row = 0; row < series.rows(); ++row) labels.push_back(series.label(row));
        return labels;
      });
  module.def("read_time_series", [](const std::string& path, const nb::dict& given) {
    const data::TimeSeriesOptions options = reading_of(given);
    const Unlocked unlocked;
    return data::read_time_series(path, options);
  });
}

}  // namespace

void bind_forecast_task(nb::module_& module) {
  bind_series(module);
  nb::class_<Trained>(module, "Forecaster")
      .def("run", &run, nb::arg("series"), nb::arg("ahead").none())
      .def("backtest", &backtest)
      .def("state", &state)
      .def("update", &update, nb::arg("series"), nb::arg("options"), nb::arg("progress").none())
      .def_prop_ro("history",
                   [](const Trained& trained) -> nb::object {
                     const TimeSeries& rows = trained.forecaster.history();
                     return rows.values.empty() ? nb::none() : nb::cast(TimeSeries(rows));
                   })
      .def("read",
           [](const Trained& trained, const std::string& path) {
             return data::read_time_series(path, trained.forecaster.reading());
           })
      .def("save",
           [](const Trained& trained, const std::string& path) { trained.forecaster.save(path); })
      .def_prop_ro("targets", [](const Trained& trained) { return trained.forecaster.targets(); })
      .def_prop_ro("covariates",
                   [](const Trained& trained) { return trained.forecaster.covariates(); })
      .def_prop_ro("future", [](const Trained& trained) { return trained.forecaster.future(); })
      .def_prop_ro("time_column",
                   [](const Trained& trained) { return trained.forecaster.time_column(); })
      .def_prop_ro("horizon", [](const Trained& trained) { return trained.forecaster.horizon(); })
      .def_prop_ro("rows_needed",
                   [](const Trained& trained) { return trained.forecaster.rows_needed(); })
      .def_ro("epochs", &Trained::epochs)
      .def_ro("stopped", &Trained::stopped)
      .def_prop_ro("report", [](const Trained& trained) -> nb::object {
        return trained.report ? nb::object(report_of(*trained.report)) : nb::none();
      });
  module.def("forecast_train", &train, nb::arg("series"), nb::arg("options"),
             nb::arg("progress").none());
  module.def("forecast_cross_validate", &cross_validate, nb::arg("series"), nb::arg("options"),
             nb::arg("folds"), nb::arg("progress").none());
  module.def("forecast_load",
             [](const std::string& path) { return Trained{Forecaster::load(path)}; });
}

}  // namespace chronicler::python
