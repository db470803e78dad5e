#include "chronicler/data/time_series.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/csv_rows.h"
#include "data/csv_cells.h"

namespace chronicler::data {
namespace {

constexpr double most_gaps = 0.1;      // share of missing places up to which a grid makes sense
constexpr double most_doubles = 1e-3;  // share of doubled rows that clock changes explain
constexpr std::size_t rows_to_look_at = 200;
constexpr double largest = 1e100;  // the square of what is larger, times many rows, is no number

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// What the file holds, row by row, before it is put on a grid.
struct Rows {
  std::vector<double> values;  // NaN where there is no number
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> lines;
  std::int64_t dropped = 0;  // older than those that are kept
  std::int64_t missing_cells = 0;
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_number(std::string_view cell) {
  return read_number(trimmed(cell), CsvOptions{}).problem.empty();
}

// The columns of the time, and how their cells become one.
class Clock {
 public:
  Clock(const CsvRows& file, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      places_.push_back(file.find(name));
      name_ += (name_.empty() ? "" : ",") + name;
      parts_.push_back(lower(name));
    }
  }
  // A column of dates, found by itself: the first whose cells all are. Else the first with the name
  // of one and dates in most cells: the reader then says which is none.
  void look_for(const CsvRows& file, const std::vector<std::vector<std::string>>& rows,
                const std::vector<std::size_t>& taken) {
    for (const bool all : {true, false}) {
      for (std::size_t column = 0; column < file.columns().size() && !rows.empty(); ++column) {
        if (std::find(taken.begin(), taken.end(), column) != taken.end()) continue;
        if (!holds_dates(file.columns()[column], rows, column, all)) continue;
        places_ = {column};
        name_ = file.columns()[column];
        return;
      }
    }
  }
  void learn_order(const std::vector<std::vector<std::string>>& rows) {
    if (places_.size() != 1) return;
    std::vector<std::string> cells;
    for (const auto& row : rows) cells.push_back(row[places_.front()]);
    order_ = likely_date_order(cells);
  }

  explicit operator bool() const { return !places_.empty(); }
  const std::string& name() const { return name_; }

  std::int64_t read(const CsvRows& file) {
    const std::optional<std::int64_t> time =
        places_.size() == 1 ? parse_timestamp(file.cells()[places_.front()], order_) : joined(file);
    if (time) return *time;
    std::string cell;
    for (const std::size_t at : places_)
      cell += (cell.empty() ? "" : " ") + std::string(file.cells()[at]);
    throw Error(fmt::format("{}: column {}: {} is not a date", place(file.name(), file.line()),
                            in_quotes(name_), in_quotes(cell)),
                "dates look like 2024-03-31 or 2024-03-31 14:00; for another column give --time");
  }

 private:
  static constexpr std::array<std::string_view, 8> words{"date", "time", "month", "week",
                                                         "year", "day",  "datum", "stamp"};

  static bool holds_dates(const std::string& name,
                          const std::vector<std::vector<std::string>>& rows, std::size_t column,
                          bool in_all_rows) {
    const std::string small = lower(name);
    const bool is_named = std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      return small.find(word) != std::string::npos;
    });
    const auto is_date = [&](const std::vector<std::string>& row) {
      const std::string& cell = row[column];
      if (is_number(cell) && !is_named) return false;
      return parse_timestamp(cell, DateOrder::month_first).has_value() ||
             parse_timestamp(cell, DateOrder::day_first).has_value();
    };
    const auto dates = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), is_date));
    if (in_all_rows ? dates < rows.size() : !is_named || 10 * dates < 9 * rows.size()) return false;
    // A year beside columns of month and day is no time by itself.
    std::size_t same = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) same += rows[i][column] == rows[i - 1][column];
    return 2 * same <= rows.size();
  }

  // Columns called year, month, ...; or a date and a time of day.
  std::optional<std::int64_t> joined(const CsvRows& file) const {
    constexpr std::array<std::string_view, 5> units{"year", "month", "day", "hour", "minute"};
    std::array<double, units.size()> numbers{1970, 1, 1, 0, 0};
    bool all_named = true;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto unit = std::find(units.begin(), units.end(), parts_[i]);
      if (unit == units.end()) {
        all_named = false;
        continue;
      }
      const Reading reading = read_number(trimmed(file.cells()[places_[i]]), CsvOptions{});
      if (!reading.problem.empty()) return {};
      numbers[static_cast<std::size_t>(unit - units.begin())] = reading.value;
    }
    if (!all_named) {
      std::string text;
      for (const std::size_t at : places_)
        text += (text.empty() ? "" : " ") + std::string(trimmed(file.cells()[at]));
      return parse_timestamp(text, order_);
    }
    const auto day = parse_timestamp(
        fmt::format("{:04.0f}-{:02.0f}-{:02.0f}", numbers[0], numbers[1], numbers[2]));
    if (!day) return {};
    return *day + static_cast<std::int64_t>(numbers[3] * 3600.0 + numbers[4] * 60.0);
  }

  std::vector<std::size_t> places_;
  std::vector<std::string> parts_;
  std::string name_;
  DateOrder order_ = DateOrder::month_first;
};

CsvOptions number_options(const CsvRows& file, char decimal,
                          const std::vector<std::vector<std::string>>& rows,
                          const std::vector<std::size_t>& places) {
  CsvOptions options;
  options.delimiter = file.delimiter();
  options.missing_values.emplace_back("?");
  if (decimal != '\0') {
    options.decimal = decimal;
  } else if (file.delimiter() != ',') {
    bool commas = false;
    bool points = false;
    for (const auto& row : rows) {
      for (const std::size_t at : places) {
        commas = commas || is_decimal_comma(trimmed(row[at]));
        points = points || row[at].find('.') != std::string::npos;
      }
    }
    if (commas && !points) options.decimal = ',';
  }
  return options;
}

double read_cell(const CsvRows& file, std::size_t column, const CsvOptions& options) {
  const std::string_view cell = trimmed(file.cells()[column]);
  if (is_missing(cell, options)) return std::numeric_limits<double>::quiet_NaN();
  Reading reading = read_number(cell, options);
  if (reading.problem.empty() && std::abs(reading.value) > largest)
    reading.problem = fmt::format("is too large, above {:g}", largest);
  if (reading.problem.empty()) return reading.value;
  std::string hint = "correct the cell, or leave it empty if there is no number";
  if (options.decimal == '.' && is_decimal_comma(cell)) {
    hint = "if the comma marks decimals, give --decimal ,";
  } else if (options.decimal == ',' && cell.find('.') != std::string_view::npos) {
    hint = "numbers of this file are read with decimal commas; give --decimal . if that is wrong";
  }
  throw Error(fmt::format("{}: column {}: {} {}", place(file.name(), file.line()),
                          in_quotes(file.columns()[column]), in_quotes(cell), reading.problem),
              hint);
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
                "a column is a target or a covariate, and once");
  }
}

// Drops what is older than the last max_rows, now and then.
void keep_last(Rows& rows, std::size_t width, std::int64_t max_rows, bool exactly) {
  const auto count = static_cast<std::int64_t>(rows.lines.size());
  if (count <= (exactly ? max_rows : 2 * max_rows)) return;
  const std::int64_t old = count - max_rows;
  rows.dropped += old;
  rows.lines.erase(rows.lines.begin(), rows.lines.begin() + old);
  if (!rows.times.empty()) rows.times.erase(rows.times.begin(), rows.times.begin() + old);
  rows.values.erase(rows.values.begin(),
                    rows.values.begin() + old * static_cast<std::int64_t>(width));
}

void sort_by_time(Rows& rows, std::size_t width) {
  std::vector<std::size_t> order(rows.times.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows.times[a] < rows.times[b]; });
  Rows sorted = rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    sorted.times[i] = rows.times[order[i]];
    sorted.lines[i] = rows.lines[order[i]];
    std::copy_n(rows.values.begin() + static_cast<std::ptrdiff_t>(order[i] * width), width,
                sorted.values.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  rows = std::move(sorted);
}

void check_order(const Rows& rows, const std::string& source, const std::string& column) {
  std::int64_t falls = 0;
  std::size_t first = 0;
  for (std::size_t i = 1; i < rows.times.size(); ++i) {
    if (rows.times[i] >= rows.times[i - 1]) continue;
    if (falls++ == 0) first = i;
  }
  if (falls == 0) return;
  const bool all = falls + 1 == static_cast<std::int64_t>(rows.times.size());
  throw Error(fmt::format("{}: column {}: {} comes after {}: {}", place(source, rows.lines[first]),
                          in_quotes(column), format_timestamp(rows.times[first], false),
                          format_timestamp(rows.times[first - 1], false),
                          all ? std::string("the file has its newest rows first")
                              : fmt::format("{} out of order of time", counted(falls, "row"))),
              "give --sort to put the rows in order, if they are rows of one series");
}

// Rows of one time become their mean.
void join_doubles(Rows& rows, std::size_t width, const TimeSeriesOptions& options,
                  const std::string& source, const std::string& column,
                  std::vector<std::string>& notes) {
  std::int64_t doubles = 0;
  std::size_t first = 0;
  for (std::size_t i = 1; i < rows.times.size(); ++i) {
    if (rows.times[i] == rows.times[i - 1] && doubles++ == 0) first = i;
  }
  if (doubles == 0) return;
  const std::string example = fmt::format("{}: {}", place(source, rows.lines[first]),
                                          format_timestamp(rows.times[first], false));
  if (!options.average_doubles &&
      static_cast<double>(doubles) > most_doubles * static_cast<double>(rows.times.size())) {
    throw Error(fmt::format("{} stands there twice in column {} ({} of {} rows repeat a time)",
                            example, in_quotes(column), doubles, rows.times.size()),
                "keep one series in a file, remove the doubled rows, or give --average-doubles");
  }
  Rows joined;
  for (std::size_t i = 0; i < rows.times.size();) {
    std::size_t end = i + 1;
    while (end < rows.times.size() && rows.times[end] == rows.times[i]) ++end;
    for (std::size_t c = 0; c < width; ++c) {
      double sum = 0.0;
      double count = 0.0;
      for (std::size_t k = i; k < end; ++k) {
        const double value = rows.values[k * width + c];
        if (std::isnan(value)) continue;
        sum += value;
        count += 1.0;
      }
      joined.values.push_back(count > 0.0 ? sum / count : std::numeric_limits<double>::quiet_NaN());
    }
    joined.times.push_back(rows.times[i]);
    joined.lines.push_back(rows.lines[i]);
    i = end;
  }
  joined.dropped = rows.dropped;
  joined.missing_cells = rows.missing_cells;
  rows = std::move(joined);
  notes.push_back(fmt::format("{} with a time that was there before (first {}): averaged",
                              counted(doubles, "row"), example));
}

// Where rows come to lie on a calendar.
struct Placing {
  std::vector<std::int64_t> rows;  // of those that were there; -1: put in
  std::vector<std::int64_t> times;
  std::int64_t moved = 0;
  std::int64_t gaps = 0;
  std::int64_t missing = 0;
  std::int64_t longest = 0;
  std::int64_t after_longest = 0;  // the row

  void add(std::int64_t row, std::int64_t time) {
    rows.push_back(row);
    times.push_back(time);
  }
  void add_missing(std::span<const std::int64_t> empty, std::int64_t row_after) {
    if (empty.empty()) return;
    for (const std::int64_t time : empty) add(-1, time);
    const auto count = static_cast<std::int64_t>(empty.size());
    ++gaps;
    missing += count;
    if (count <= longest) return;
    longest = count;
    after_longest = row_after;
  }
};

Placing place_evenly(std::span<const std::int64_t> times, const TimeStep& step) {
  Placing placing;
  std::int64_t last = -1;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const std::int64_t at = step.between(times.front(), times[i]);
    const std::int64_t time = step.after(times.front(), at);
    if (time != times[i]) ++placing.moved;
    if (at <= last) {  // of two rows at one place the later one is told
      placing.rows.back() = row;
      continue;
    }
    std::vector<std::int64_t> empty;
    for (std::int64_t place = last + 1; place < at; ++place)
      empty.push_back(step.after(times.front(), place));
    placing.add_missing(empty, row);
    placing.add(row, time);
    last = at;
  }
  return placing;
}

// Rows keep their times. At most so many are put in, or none.
Placing place_between(std::span<const std::int64_t> times, const RowCalendar& calendar,
                      std::int64_t most) {
  Placing placing;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    if (i > 0 && most > 0)
      placing.add_missing(calendar.missing_between(times[i - 1], times[i]), row);
    if (placing.missing > most) return place_between(times, calendar, 0);
    placing.add(row, times[i]);
  }
  return placing;
}

Placing place_on(std::span<const std::int64_t> times, const RowCalendar& calendar) {
  // Rows that are centuries apart are not worth the memory.
  const std::int64_t most = 10 * static_cast<std::int64_t>(times.size()) + 10'000;
  if (calendar.is_even() && calendar.step.months == 0 &&
      calendar.step.between(times.front(), times.back()) <= most)
    return place_evenly(times, calendar.step);
  const bool puts_in =
      calendar.carries_forward && (calendar.step.months > 0 || !calendar.always_open());
  return place_between(times, calendar, puts_in ? most : 0);
}

void check_distances(std::span<const std::int64_t> times, const RowCalendar& calendar,
                     const std::string& source) {
  const TimeStep step = common_step(times);
  if (!step || step.name() == calendar.step.name()) return;
  std::int64_t neighbours = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    neighbours += calendar.are_neighbours(times[i - 1], times[i]) ? 1 : 0;
  if (2 * neighbours >= static_cast<std::int64_t>(times.size()) - 1) return;
  throw Error(fmt::format("the rows of {} are {} apart, the model was learnt from rows {} apart",
                          source, step.count_name(), calendar.step.count_name()));
}

TimeSeries placed(const TimeSeries& series, const Placing& placing, const RowCalendar& calendar) {
  TimeSeries result = series;
  result.calendar = calendar;
  result.times = placing.times;
  const std::size_t rows = placing.rows.size();
  const std::size_t width = series.columns.size();
  result.values.resize(rows * width);
  result.observed.assign(rows * width, 0);
  result.put_in.assign(placing.missing > 0 ? rows : 0, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::int64_t from = placing.rows[row];
    if (from < 0) result.put_in[row] = 1;
    for (std::size_t column = 0; column < width; ++column) {
      const std::size_t at = row * width + column;
      result.values[at] = from < 0 ? result.values[at - width] : series.at(from, column);
      if (from >= 0) result.observed[at] = series.is_observed(from, column) ? 1 : 0;
    }
  }
  return result;
}

void note_calendar(TimeSeries& series, const Placing& placing,
                   const std::vector<std::int64_t>& lines) {
  const RowCalendar& calendar = series.calendar;
  const auto rows = static_cast<std::int64_t>(series.times.size()) - placing.missing;
  if (!calendar.always_open()) {
    const auto outside = std::count_if(series.times.begin(), series.times.end(),
                                       [&](std::int64_t time) { return !calendar.is_open(time); });
    series.notes.push_back(
        fmt::format("{}: what comes next is told for these times{}", calendar.sentence(),
                    outside == 0 ? "" : fmt::format("; {} at others", counted(outside, "row"))));
  }
  if (!calendar.carries_forward) {
    const std::int64_t places =
        calendar.step.between(series.times.front(), series.times.back()) + 1;
    series.notes.push_back(
        calendar.always_open()
            ? fmt::format("{:.0f} % of the {}s between first and last row have no row, at no "
                          "regular times: rows are taken as they follow one another",
                          100.0 * static_cast<double>(places - rows) / static_cast<double>(places),
                          calendar.step.name())
            : "many rows are missing at these times: rows are taken as they follow one another");
  }
  if (placing.missing > 0) {
    const auto after = static_cast<std::size_t>(placing.after_longest);
    const auto at = std::find(placing.rows.begin(), placing.rows.end(), placing.after_longest);
    series.notes.push_back(fmt::format(
        "{} missing in {} (longest: {} before {}, line {}): carried forward, not counted as truth",
        counted(placing.missing, "row"), counted(placing.gaps, "gap"), placing.longest,
        format_timestamp(series.times[static_cast<std::size_t>(at - placing.rows.begin())], false),
        lines[after]));
  }
  if (placing.moved > 0) {
    series.notes.push_back(fmt::format("{} moved to the nearest whole {}",
                                       counted(placing.moved, "row"), calendar.step.name()));
  }
}

// What is missing holds the last number before it. Rows before the first number of the first column
// are cut.
void carry_forward(Rows& rows, TimeSeries& series) {
  const std::size_t width = series.columns.size();
  const std::size_t count = rows.values.size() / width;
  std::size_t begin = 0;
  while (begin < count && std::isnan(rows.values[begin * width])) ++begin;
  if (begin == count) {
    throw Error(fmt::format("{}: column {} holds no number", series.source,
                            in_quotes(series.columns.front())));
  }
  if (begin > 0) {
    series.notes.push_back(fmt::format("the first {} without a number: left out",
                                       begin == 1 ? "row" : fmt::format("{} rows", begin)));
    rows.values.erase(rows.values.begin(),
                      rows.values.begin() + static_cast<std::ptrdiff_t>(begin * width));
    const auto cut = static_cast<std::ptrdiff_t>(begin);
    rows.lines.erase(rows.lines.begin(), rows.lines.begin() + cut);
    if (!rows.times.empty()) rows.times.erase(rows.times.begin(), rows.times.begin() + cut);
  }
  series.observed.assign(rows.values.size(), 1);
  for (std::size_t c = 0; c < width; ++c) {
    std::size_t first = c;
    while (first < rows.values.size() && std::isnan(rows.values[first])) first += width;
    if (first >= rows.values.size()) {
      throw Error(fmt::format("{}: column {} holds no number", series.source,
                              in_quotes(series.columns[c])));
    }
    double last = rows.values[first];  // also before it: there is nothing better
    for (std::size_t i = c; i < rows.values.size(); i += width) {
      if (std::isnan(rows.values[i])) {
        rows.values[i] = last;
        series.observed[i] = 0;
      } else {
        last = rows.values[i];
      }
    }
  }
  series.values = std::move(rows.values);
  series.times = std::move(rows.times);
}

}  // namespace

std::vector<std::int64_t> TimeSeries::times_of_file(std::int64_t end) const {
  std::vector<std::int64_t> result;
  for (std::size_t row = 0; row < static_cast<std::size_t>(end) && row < times.size(); ++row) {
    if (put_in.empty() || put_in[row] == 0) result.push_back(times[row]);
  }
  return result;
}

std::string TimeSeries::format_time(std::int64_t time) const {
  return format_timestamp(time, calendar.step.months > 0 || calendar.step.seconds % 86400 == 0);
}

std::string TimeSeries::label(std::int64_t row) const {
  return times.empty() ? fmt::format("row {}", row + 1)
                       : format_time(times[static_cast<std::size_t>(row)]);
}

TimeSeries read_time_series(const std::filesystem::path& path, const TimeSeriesOptions& options) {
  CsvRows file(path, {options.delimiter, options.header});
  check_header(file, options);
  check_columns(options.columns);
  TimeSeries series;
  series.source = file.name();
  series.columns = options.columns;
  const std::size_t width = series.columns.size();
  std::vector<std::size_t> places;
  for (const std::string& column : options.columns) places.push_back(file.find(column));
  Clock clock(file, options.time);

  // The first rows say which column is the time and how numbers are written.
  const auto& first_rows = file.look_ahead(rows_to_look_at);
  if (!clock) clock.look_for(file, first_rows, places);
  clock.learn_order(first_rows);
  const CsvOptions numbers = number_options(file, options.decimal, first_rows, places);
  Rows rows;
  while (file.next()) {
    if (clock) rows.times.push_back(clock.read(file));
    rows.lines.push_back(file.line());
    for (const std::size_t at : places) {
      rows.values.push_back(read_cell(file, at, numbers));
      if (std::isnan(rows.values.back())) ++rows.missing_cells;
    }
    keep_last(rows, width, options.max_rows, false);
  }
  if (rows.lines.empty()) {
    throw Error(fmt::format("{} has a header line but no rows", file.name()));
  }
  keep_last(rows, width, options.max_rows, true);
  if (numbers.decimal == ',') series.notes.emplace_back("numbers have decimal commas");
  if (rows.dropped > 0) {
    series.notes.push_back(fmt::format("the file has {} rows: the last {} are used",
                                       rows.dropped + options.max_rows, options.max_rows));
  }
  if (rows.missing_cells > 0) {
    series.notes.push_back(fmt::format("{} without a number: carried forward, not counted as truth",
                                       counted(rows.missing_cells, "cell")));
  }
  if (clock) {
    series.time_column = clock.name();
    if (options.sort) sort_by_time(rows, width);
    check_order(rows, series.source, series.time_column);
    join_doubles(rows, width, options, series.source, series.time_column, series.notes);
  } else if (file.columns().size() > width) {
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

TimeSeries on_calendar(const TimeSeries& series, const RowCalendar& calendar) {
  if (series.times.empty() || !calendar || series.calendar == calendar) return series;
  TimeSeries file = series;
  if (!series.put_in.empty()) {
    Placing kept;
    for (std::int64_t row = 0; row < series.rows(); ++row) {
      if (series.put_in[static_cast<std::size_t>(row)] == 0)
        kept.add(row, series.times[static_cast<std::size_t>(row)]);
    }
    file = placed(series, kept, series.calendar);
  }
  check_distances(file.times, calendar, series.source);
  return placed(file, place_on(file.times, calendar), calendar);
}

// ---- calendar

namespace {

// A cycle of the calendar and how many sine waves tell the place in it.
struct Cycle {
  std::string_view name;
  int waves;
  double (*share)(const ClockTime& time);
};

std::vector<Cycle> cycles_of(const TimeStep& step, bool with_year) {
  const double days = step.in_days();
  std::vector<Cycle> cycles;
  if (days < 0.45) {
    cycles.push_back({"day", 4, [](const ClockTime& t) { return t.hour / 24.0; }});
  }
  if (days < 4.0) {
    cycles.push_back(
        {"week", 3, [](const ClockTime& t) { return (t.weekday + t.hour / 24.0) / 7.0; }});
  }
  if (with_year && days < 100.0) {
    cycles.push_back(
        {"year", days > 20.0 ? 4 : 2, [](const ClockTime& t) { return t.year_share; }});
  }
  return cycles;
}

}  // namespace

std::vector<std::string> calendar_names(const TimeStep& step, bool with_year) {
  std::vector<std::string> names;
  for (const Cycle& cycle : cycles_of(step, with_year)) {
    for (int wave = 1; wave <= cycle.waves; ++wave) {
      names.push_back(fmt::format("{} sine {}", cycle.name, wave));
      names.push_back(fmt::format("{} cosine {}", cycle.name, wave));
    }
  }
  return names;
}

std::vector<float> calendar(std::span<const std::int64_t> times, const TimeStep& step,
                            bool with_year) {
  const std::vector<Cycle> cycles = cycles_of(step, with_year);
  std::vector<float> result;
  for (const std::int64_t time : times) {
    ClockTime clock = clock_time(time);
    if (step.months > 0) clock.year_share = (clock.month - 1) / 12.0;
    for (const Cycle& cycle : cycles) {
      const double angle = 2.0 * std::numbers::pi * cycle.share(clock);
      for (int wave = 1; wave <= cycle.waves; ++wave) {
        result.push_back(static_cast<float>(std::sin(wave * angle)));
        result.push_back(static_cast<float>(std::cos(wave * angle)));
      }
    }
  }
  return result;
}

}  // namespace chronicler::data
