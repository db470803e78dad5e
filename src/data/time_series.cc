#include "chronicler/data/time_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/csv_rows.h"
#include "data/csv_cells.h"
#include "data/number_columns.h"
#include "data/series_calendar.h"
#include "data/series_rows.h"
#include "data/time_column.h"

namespace chronicler::data {
namespace {

constexpr std::size_t rows_to_look_at = 200;

bool is_number(std::string_view cell) {
  return read_number(trimmed(cell), CsvOptions{}).problem.empty();
}

void check_header(const CsvRows& file, const TimeSeriesOptions& options) {
  const auto& names = file.columns();
  const bool looks_like_data =
      options.header && std::all_of(names.begin(), names.end(), [](const std::string& name) {
        return is_number(name) || parse_timestamp(name).has_value() || name.starts_with("column_");
      });
  if (!looks_like_data) return;
  throw Error(
      fmt::format("{}:1: there is no header line, the file begins with {}", file.name(),
                  in_quotes(names.front())),
      "give --no-header, and the columns are called column_1, column_2, ...; or write their "
      "names into a first line");
}

void check_columns(const std::vector<std::string>& columns) {
  if (columns.empty()) throw Error("no column to read was named", "name one with --target");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) ==
        columns.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    throw Error(fmt::format("column {} is named twice", in_quotes(columns[i])),
                "a column is a target, a covariate or known ahead, and once");
  }
}

}  // namespace

std::int64_t TimeSeries::observed_rows(std::size_t of_columns) const {
  std::int64_t end = rows();
  const auto is_observed_at = [&](std::int64_t row) {
    for (std::size_t column = 0; column < of_columns; ++column) {
      if (is_observed(row, column)) return true;
    }
    return false;
  };
  while (end > 0 && !is_observed_at(end - 1)) --end;
  return end;
}

std::vector<std::int64_t> TimeSeries::times_of_file(std::int64_t end) const {
  std::vector<std::int64_t> result;
  for (std::size_t row = 0; row < static_cast<std::size_t>(end) && row < times.size(); ++row) {
    if (put_in.empty() || put_in[row] == 0) result.push_back(times[row]);
  }
  return result;
}

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> result;
  std::string name;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == '\\' && i + 1 < names.size() && names[i + 1] == ',') {
      name += names[++i];
    } else if (names[i] == ',') {
      result.push_back(std::exchange(name, {}));
    } else {
      name += names[i];
    }
  }
  if (!name.empty()) result.push_back(name);
  return result;
}

std::string TimeSeries::format_time(std::int64_t time) const {
  Timestamp shown{time};
  for (const auto& [from, offset] : offsets) {
    if (!shown.offset || from <= time) shown.offset = offset;
  }
  return format_timestamp(shown, style,
                          calendar.step.months > 0 || calendar.step.seconds % 86400 == 0);
}

std::string TimeSeries::label(std::int64_t row) const {
  return times.empty() ? fmt::format("row {}", row + 1)
                       : format_time(times[static_cast<std::size_t>(row)]);
}

namespace {

// SeriesRows with these cells alone.
class RowFilter {
 public:
  RowFilter(const CsvRows& file, const std::vector<CellEquals>& where) : where_(where) {
    for (const CellEquals& one : where) {
      places_.push_back(file.find(one.column));
      seen_.emplace_back();
    }
  }
  // Of the first rows those that it takes; all if it takes none of them.
  TimeColumn::Rows matching(const TimeColumn::Rows& rows) const {
    TimeColumn::Rows result;
    for (const auto& row : rows) {
      bool matches = true;
      for (std::size_t i = 0; i < places_.size(); ++i)
        matches = matches && trimmed(row[places_[i]]) == trimmed(where_[i].value);
      if (matches) result.push_back(row);
    }
    return result.empty() ? rows : result;
  }
  bool takes(const CsvRows& file) {
    ++rows_;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const std::string_view cell = trimmed(file.cells()[places_[i]]);
      if (cell == trimmed(where_[i].value)) continue;
      auto& seen = seen_[i];
      if (seen.size() < 5 && std::find(seen.begin(), seen.end(), cell) == seen.end())
        seen.emplace_back(cell);
      return false;
    }
    ++taken_;
    return true;
  }
  std::int64_t rows() const { return rows_; }
  // Throws Error if no row was taken.
  void report(const CsvRows& file, std::vector<std::string>& notes) const {
    if (where_.empty() || rows_ == 0) return;
    for (std::size_t i = 0; i < where_.size() && taken_ == 0; ++i) {
      if (seen_[i].empty()) continue;
      throw Error(
          fmt::format("{}: no row has {} in column {}; it holds {}", file.name(),
                      in_quotes(where_[i].value), in_quotes(where_[i].column),
                      alternatives(seen_[i], seen_[i].size() + (seen_[i].size() == 5 ? 1 : 0))),
          "give --where COL=VALUE with a value of the file");
    }
    if (taken_ == 0) {
      throw Error(fmt::format("{}: no row has all the cells of --where", file.name()),
                  "give cells that stand in one row");
    }
    std::string text;
    for (const CellEquals& one : where_)
      text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", one.column, in_quotes(one.value));
    notes.push_back(fmt::format("{} of {} rows are read, where {}", taken_, rows_, text));
  }

 private:
  const std::vector<CellEquals>& where_;
  std::vector<std::size_t> places_;
  std::vector<std::vector<std::string>> seen_;
  std::int64_t rows_ = 0;
  std::int64_t taken_ = 0;
};

// Those of the series that a model was learnt from, if this file holds it beside others.
std::vector<CellEquals> usual_rows(const CsvRows& file, const TimeSeriesOptions& options) {
  const auto& names = file.columns();
  const bool has_all = std::all_of(
      options.usual.where.begin(), options.usual.where.end(), [&](const CellEquals& one) {
        return std::find(names.begin(), names.end(), one.column) != names.end();
      });
  return has_all ? options.usual.where : std::vector<CellEquals>{};
}

bool wants_no_time(const CsvRows& file, const TimeSeriesOptions& options) {
  const auto& names = file.columns();
  const bool is_column = std::find(names.begin(), names.end(), "none") != names.end();
  const bool is_told = options.time.size() == 1 && options.time.front() == "none" && !is_column;
  return is_told || (options.time.empty() && options.usual.no_time);
}

// What the columns hold, row by row.
SeriesRows read_rows(CsvRows& file, const TimeSeriesOptions& options, TimeColumn& clock,
                     const std::vector<std::size_t>& places, TimeSeries& series) {
  series.notation.where = options.where.empty() ? usual_rows(file, options) : options.where;
  RowFilter filter(file, series.notation.where);
  const TimeColumn::Rows first_rows = filter.matching(file.look_ahead(rows_to_look_at));
  series.notation.no_time = wants_no_time(file, options);
  if (!series.notation.no_time) clock.look_at(file, first_rows, places);
  NumberColumns numbers(file, places, {options.decimal, options.thousands},
                        {options.usual.decimal, options.usual.thousands});
  numbers.learn_from(file, first_rows, clock.places());
  SeriesRows rows;
  // Drops what is older than the last max_rows, now and then.
  const auto keep_last = [&](std::int64_t most) {
    const auto count = static_cast<std::int64_t>(rows.lines.size());
    if (count <= most) return;
    const std::int64_t old = count - options.max_rows;
    rows.dropped += old;
    rows.lines.erase(rows.lines.begin(), rows.lines.begin() + old);
    if (clock) clock.forget_first(static_cast<std::size_t>(old));
    numbers.forget_first(static_cast<std::size_t>(old));
  };
  while (file.next()) {
    if (!filter.takes(file)) continue;
    if (clock) clock.read(file);
    numbers.read(file);
    rows.lines.push_back(file.line());
    keep_last(2 * options.max_rows);
  }
  if (filter.rows() == 0) throw Error(fmt::format("{} has a header line but no rows", file.name()));
  filter.report(file, series.notes);
  keep_last(options.max_rows);
  NumberColumns::Marks marks;
  rows.values = numbers.finish(file, marks, series.notes);
  rows.missing_cells = numbers.missing_cells();
  series.notation.decimal = marks.decimal;
  series.notation.thousands = marks.thousands;
  if (!clock) return rows;
  TimeColumn::Times times = clock.finish(file);
  series.notation.dates = times.order;
  constexpr std::size_t few = 8;
  const auto& clocks = times.clocks;
  if (options.time.empty() && clocks.size() > few &&
      std::all_of(clocks.begin(), clocks.end(), [&](auto time) { return time == clocks[0]; })) {
    clock.forget();  // a date that all rows have says nothing of their order
    return rows;
  }
  rows.times = std::move(times.clocks);
  rows.offsets = std::move(times.offsets);
  if (!options.utc || rows.offsets.empty()) return rows;
  for (std::size_t i = 0; i < rows.times.size(); ++i) rows.times[i] -= rows.offsets[i];
  rows.offsets.assign(rows.times.size(), 0);
  return rows;
}

}  // namespace

TimeSeries read_time_series(const std::filesystem::path& path, const TimeSeriesOptions& options) {
  CsvRows file(path, csv_options(options));
  check_header(file, options);
  check_columns(options.columns);
  TimeSeries series;
  series.source = file.name();
  series.columns = options.columns;
  const std::size_t width = series.columns.size();
  std::vector<std::size_t> places;
  for (const std::string& column : options.columns) places.push_back(file.find(column));
  TimeColumn clock(file, wants_no_time(file, options) ? std::vector<std::string>{} : options.time,
                   options.dates, options.usual.dates);
  SeriesRows rows;
  try {
    rows = read_rows(file, options, clock, places, series);
  } catch (const Error& error) {
    const bool is_one_column = file.columns().size() == 1 && options.delimiter == '\0' &&
                               options.decimal == '\0' && file.delimiter() == ',' &&
                               error.message().find("the first line has 1") != std::string::npos;
    if (!is_one_column) throw;
    throw Error(error.message(), "if the comma marks decimals, give --decimal ,");
  }
  if (rows.dropped > 0) {
    series.notes.push_back(fmt::format("the file has {} rows: the last {} are used",
                                       rows.dropped + options.max_rows, options.max_rows));
  }
  if (rows.missing_cells > 0) {
    series.notes.push_back(fmt::format("{} without a number: carried forward, not counted as truth",
                                       counted(rows.missing_cells, "cell")));
  }
  if (clock) {
    series.time_column = clock.escaped_name();
    series.style = clock.style();
    const SeriesReader reader{path, options, file, clock, places};
    if (options.sort) sort_by_time(rows, width);
    if (rows.offsets.empty()) join_clock_changes(rows, width, reader, series.notes);
    check_order(rows, reader);
    join_doubles(rows, width, reader, series.notes);
    settle_offsets(rows, series);
    if (!rows.offsets.empty()) join_clock_changes(rows, width, reader, series.notes);
    note_offsets(rows, series);
  } else if (file.columns().size() > width && !series.notation.no_time) {
    series.notes.emplace_back("no column of dates: rows follow one another (--time names one)");
  }
  carry_forward(rows, series);
  if (series.times.empty()) return series;
  series.calendar = options.calendar ? options.calendar : RowCalendar::learn(series.times);
  if (!series.calendar) return series;
  if (options.calendar) check_distances(series.times, series.calendar, series.source);
  const Placing placing = place_on(series.times, series.calendar);
  series = placed(series, placing, series.calendar);
  note_calendar(series, placing, rows.lines);
  return series;
}

}  // namespace chronicler::data
