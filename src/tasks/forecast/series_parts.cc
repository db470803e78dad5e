#include "tasks/forecast/series_parts.h"

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

std::string in_quotes(const std::vector<std::string>& names) {
  return fmt::format("\"{}\"", fmt::join(names, "\", \""));
}

void check_columns_of(const ForecastRecipe& recipe, const data::TimeSeries& series) {
  const std::vector<std::string> expected = recipe.columns();
  if (series.columns != expected) {
    throw Error(fmt::format("the model was learnt from columns {}, got {}",
                            fmt::join(expected, ", "), fmt::join(series.columns, ", ")));
  }
  if (recipe.calendar && series.times.empty()) {
    throw Error(fmt::format("{} has no column of times, the model was learnt with \"{}\"",
                            series.source, recipe.time_column),
                "give it with --time");
  }
  for (std::size_t column = 0; column < recipe.targets.size(); ++column) {
    if (!recipe.scales[column].log) continue;
    for (std::int64_t row = 0; row < series.rows(); ++row) {
      if (series.at(row, column) > 0.0) continue;
      throw Error(fmt::format("{}: column \"{}\" holds {} at {}; the model works on logarithms",
                              series.source, series.columns[column], series.at(row, column),
                              series.label(row)),
                  "train with --transform none");
    }
  }
}

template <class Value>
void keep_between(std::vector<Value>& values, std::size_t begin, std::size_t end) {
  values.resize(end);
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace

data::TimeSeries rows_between(const data::TimeSeries& series, std::int64_t begin,
                              std::int64_t end) {
  data::TimeSeries part = series;
  const auto from = static_cast<std::size_t>(begin);
  const auto to = static_cast<std::size_t>(end);
  const std::size_t width = series.columns.size();
  keep_between(part.values, from * width, to * width);
  keep_between(part.observed, from * width, to * width);
  if (!series.times.empty()) keep_between(part.times, from, to);
  if (!series.put_in.empty()) keep_between(part.put_in, from, to);
  return part;
}

data::TimeSeries first_rows(const data::TimeSeries& series, std::int64_t rows) {
  return rows_between(series, 0, rows);
}

data::TimeSeries on_clock_of(const ForecastRecipe& recipe, const data::TimeSeries& series) {
  check_columns_of(recipe, series);
  if (recipe.clock_is_learnt) return data::on_calendar(series, recipe.clock);
  if (!recipe.calendar || series.times.empty()) return series;
  // Of a model from before clocks were kept the rows at hand must do.
  data::RowCalendar clock = series.calendar;
  if (!clock) clock = data::RowCalendar::learn(series.times);
  if (clock.step.name() != recipe.clock.step.name()) clock = recipe.clock;
  return data::on_calendar(series, clock);
}

std::int64_t rows_with_targets(const data::TimeSeries& series, std::size_t targets) {
  if (const std::int64_t rows = series.observed_rows(targets); rows > 0) return rows;
  throw Error(
      fmt::format("{}: column \"{}\" holds no number", series.source, series.columns.front()));
}

void check_rows_ahead(const ForecastRecipe& recipe, const data::TimeSeries& series,
                      std::int64_t end) {
  const std::string names = in_quotes(recipe.future);
  const char* hint = "give each row to forecast with these columns filled in, the targets empty";
  if (series.rows() - end < recipe.horizon) {
    throw Error(fmt::format("{} has {} rows after {}, the last with a number in {}; a forecast "
                            "needs {} for {} rows ahead",
                            series.source, series.rows() - end, series.label(end - 1),
                            in_quotes(recipe.targets), names, recipe.horizon),
                hint);
  }
  const std::size_t first = recipe.targets.size() + recipe.covariates.size();
  for (std::int64_t row = end; row < end + recipe.horizon; ++row) {
    if (!series.put_in.empty() && series.put_in[static_cast<std::size_t>(row)] != 0) {
      throw Error(fmt::format("{}: there is no row of {}, which is to be forecast with {}",
                              series.source, series.label(row), names),
                  hint);
    }
    for (std::size_t column = first; column < series.columns.size(); ++column) {
      if (series.is_observed(row, column) && std::isfinite(series.at(row, column))) continue;
      throw Error(fmt::format("{}: column \"{}\" has no number at {}, which is to be forecast",
                              series.source, series.columns[column], series.label(row)),
                  hint);
    }
  }
}

data::TimeSeries with_rows_ahead(const ForecastRecipe& recipe, const data::TimeSeries& series,
                                 const Tensor& ahead) {
  const auto width = static_cast<std::int64_t>(recipe.future.size());
  if (ahead.shape().rank() != 2 || ahead.shape()[1] != width || ahead.shape()[0] < recipe.horizon) {
    throw Error(fmt::format("the values ahead must be of shape ({} or more, {}), got {}",
                            recipe.horizon, width, ahead.shape().to_string()),
                width == 0 ? "the model was learnt without columns that are known ahead"
                           : fmt::format("a row for each step, with {}", in_quotes(recipe.future)));
  }
  data::TimeSeries all = first_rows(series, rows_with_targets(series, recipe.targets.size()));
  const std::size_t columns = series.columns.size();
  const std::size_t first = columns - recipe.future.size();
  const Tensor numbers = ahead.to(DType::float64);
  const double* next = numbers.as<double>();
  for (std::int64_t step = 0; step < ahead.shape()[0]; ++step) {
    for (std::size_t column = 0; column < columns; ++column) {
      const bool is_known = column >= first;
      all.values.push_back(is_known ? *next++ : all.values[all.values.size() - columns]);
      all.observed.push_back(is_known ? 1 : 0);
    }
    if (!all.times.empty()) all.times.push_back(all.time_after(1));
    if (!all.put_in.empty()) all.put_in.push_back(0);
  }
  return all;
}

}  // namespace chronicler::tasks
