#include "tasks/forecast/split.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/option_error.h"

namespace chronicler::tasks {

std::int64_t count_targets(const data::TimeSeries& series, const ForecastOptions& options) {
  return static_cast<std::int64_t>(series.columns.size()) - options.covariates - options.future;
}

void check_options(const ForecastOptions& options, std::size_t columns) {
  check_fields("Forecaster", options);
  if (std::max(options.covariates, options.future) >= static_cast<std::int64_t>(columns) ||
      options.covariates + options.future >= static_cast<std::int64_t>(columns)) {
    const bool both = options.covariates > 0 && options.future > 0;
    throw Error(fmt::format("{} of Forecaster must leave a target among {} columns, got {}",
                            both                     ? "covariates and future"
                            : options.covariates > 0 ? "covariates"
                                                     : "future",
                            columns,
                            both ? fmt::format("{} and {}", options.covariates, options.future)
                                 : fmt::to_string(options.covariates + options.future)));
  }
  const std::vector<double>& quantiles = options.quantiles;
  if (std::adjacent_find(quantiles.begin(), quantiles.end(), std::greater_equal<>()) !=
      quantiles.end()) {
    throw OptionError(fmt::format("{{quantiles}} must rise, got {}", field_text(quantiles)),
                      "as in 0.1,0.5,0.9");
  }
  if (options.resume && options.checkpoint.empty())
    throw Error("a run can only be resumed from a checkpoint", "give the checkpoint's file");
}

SeriesSplit split_rows(const data::TimeSeries& series, const ForecastOptions& options) {
  SeriesSplit split;
  split.rows = series.rows();
  const std::int64_t test = options.test_rows > 0
                                ? options.test_rows
                                : std::max(split.rows / 5, std::min(options.horizon, split.rows));
  split.learnt = split.rows - test;
  split.validation =
      options.validation_rows > 0
          ? options.validation_rows
          : std::max({split.learnt / 4, std::min(2 * options.horizon, split.learnt / 2),
                      std::int64_t{0}});
  const std::int64_t needed = 2 * options.horizon + 8;
  if (split.fitted() < needed || split.validation < options.horizon || test < options.horizon) {
    throw Error(fmt::format("{} has {} rows: {} to test, {} to validate, {} to learn from; a "
                            "forecast of {} needs at least {}, {} and {}",
                            series.source, split.rows, test, split.validation,
                            std::max<std::int64_t>(split.fitted(), 0), options.horizon,
                            options.horizon, options.horizon, needed),
                "use more rows, a shorter horizon, or fewer test rows");
  }
  return split;
}

void check_columns(const data::TimeSeries& series, const ForecastOptions& options,
                   const SeriesSplit& split) {
  const std::int64_t targets = count_targets(series, options);
  for (std::size_t column = series.columns.size() - static_cast<std::size_t>(options.future);
       column < series.columns.size(); ++column) {
    for (std::int64_t row = 0; row < series.rows(); ++row) {
      if (std::isfinite(series.at(row, column))) continue;
      throw Error(fmt::format("{}: column \"{}\" is {} at {}", series.source,
                              series.columns[column], series.at(row, column), series.label(row)),
                  "a column that is known ahead has a number in each row");
    }
  }
  for (std::int64_t column = 0; column < targets; ++column) {
    const double first = series.at(0, static_cast<std::size_t>(column));
    bool is_constant = true;
    for (std::int64_t row = 1; row < split.fitted() && is_constant; ++row)
      is_constant = series.at(row, static_cast<std::size_t>(column)) == first;
    if (!is_constant) continue;
    throw Error(
        fmt::format("{}: column \"{}\" is {} in all {} rows to learn from", series.source,
                    series.columns[static_cast<std::size_t>(column)], first, split.fitted()),
        "there is nothing to forecast; give another --target");
  }
}

data::TimeSeries on_learnt_calendar(const data::TimeSeries& given, const ForecastOptions& options) {
  data::TimeSeries series = given;
  for (int round = 0; round < 3 && !series.times.empty(); ++round) {
    const SeriesSplit split = split_rows(series, options);
    const auto calendar = data::RowCalendar::learn(series.times_of_file(split.learnt));
    if (calendar == series.calendar) break;
    series = data::on_calendar(series, calendar);
  }
  return series;
}

}  // namespace chronicler::tasks
