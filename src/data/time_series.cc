#include "chronicler/data/time_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/csv_rows.h"
#include "data/clock_changes.h"
#include "data/csv_cells.h"
#include "data/number_columns.h"
#include "data/panels.h"
#include "data/time_column.h"

namespace chronicler::data {
namespace {

constexpr double most_gaps = 0.1;       // share of missing places up to which a grid makes sense
constexpr double panel_doubles = 0.05;  // share of doubled rows from which they may be of series
constexpr std::size_t rows_to_look_at = 200;

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

CsvRowsOptions csv_options(const TimeSeriesOptions& options) {
  CsvRowsOptions rows;
  rows.delimiter = options.delimiter;
  rows.header = options.header;
  rows.decimal = options.decimal != '\0' ? options.decimal : options.usual.decimal;
  return rows;
}

// What the file holds, row by row, before it is put on a grid.
struct Rows {
  std::vector<double> values;         // NaN where there is no number
  std::vector<std::int64_t> times;    // by the file's own clock
  std::vector<std::int32_t> offsets;  // of this clock from UTC; empty if the file does not say
  std::vector<std::int64_t> lines;
  std::int64_t dropped = 0;  // older than those that are kept
  std::int64_t missing_cells = 0;

  std::int64_t utc(std::size_t row) const {
    return offsets.empty() ? times[row] : times[row] - offsets[row];
  }
};

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
                "a column is a target or a covariate, and once");
  }
}

void sort_by_time(Rows& rows, std::size_t width) {
  std::vector<std::size_t> order(rows.times.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows.utc(a) < rows.utc(b); });
  Rows sorted = rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    sorted.times[i] = rows.times[order[i]];
    sorted.lines[i] = rows.lines[order[i]];
    if (!rows.offsets.empty()) sorted.offsets[i] = rows.offsets[order[i]];
    std::copy_n(rows.values.begin() + static_cast<std::ptrdiff_t>(order[i] * width), width,
                sorted.values.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  rows = std::move(sorted);
}

// How the file was opened, for whoever must look into it again.
struct Reader {
  const std::filesystem::path& path;
  const TimeSeriesOptions& options;
  const CsvRows& file;
  const TimeColumn& clock;
  const std::vector<std::size_t>& places;

  std::string shown(const Rows& rows, std::size_t row) const {
    const bool has_offset = !rows.offsets.empty();
    if (!has_offset) return format_timestamp(rows.times[row], false);
    return format_timestamp(Timestamp{rows.times[row], rows.offsets[row]}, clock.style(), false);
  }
};

std::string alternatives(const std::vector<std::string>& values, std::size_t all) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + in_quotes(value);
  return all > values.size() ? text + ", ..." : text;
}

std::string where_option(const SeriesKey& key) {
  std::string text = "--where ";
  const auto escaped = [](const std::string& name) {
    std::string result;
    for (const char c : name) result += c == ',' ? "\\," : std::string(1, c);
    return result;
  };
  std::string list;
  for (std::size_t i = 0; i < key.columns.size(); ++i) {
    list += (list.empty() ? "" : ",") + escaped(key.columns[i]) + "=" + escaped(key.values[i]);
  }
  return text + (list.find(' ') == std::string::npos ? list : "\"" + list + "\"");
}

// Times that stand there twice: of several series, or really doubled.
[[noreturn]] void refuse_doubles(const Reader& reader, const std::string& first,
                                 std::int64_t doubles, std::int64_t rows) {
  const std::string message =
      fmt::format("{} stands there twice in column {} ({} of {} rows repeat a time)", first,
                  in_quotes(reader.clock.name()), doubles, rows);
  if (reader.clock.has_fractions()) {
    throw Error(message,
                "times are read to the second: take rows together until they are a second "
                "apart, or give --average-doubles");
  }
  const bool are_many = static_cast<double>(doubles) > panel_doubles * static_cast<double>(rows);
  const SeriesKey key = are_many && reader.options.where.empty()
                            ? series_key(reader.path, csv_options(reader.options),
                                         reader.clock.places(), reader.places)
                            : SeriesKey{};
  if (!key) {
    throw Error(message,
                "keep one series in a file (--where COL=VALUE reads one of several), remove the "
                "doubled rows, or give --average-doubles (--time none: rows only follow one "
                "another)");
  }
  const std::string columns =
      key.columns.size() == 1
          ? fmt::format("column {}", in_quotes(key.columns[0]))
          : fmt::format("columns {} and {}", in_quotes(key.columns[0]), in_quotes(key.columns[1]));
  throw Error(fmt::format("{}: {} series, which {} {} ({})", message, key.series, columns,
                          key.columns.size() == 1 ? "distinguishes" : "distinguish",
                          alternatives(key.first_values, key.series)),
              fmt::format("keep one series in a file, or give {} to read one of them; "
                          "--average-doubles reads the mean of all",
                          where_option(key)));
}

// Rows whose time stands in a row before, as {how many, the first}.
std::pair<std::int64_t, std::size_t> doubles_of(const Rows& rows) {
  std::unordered_set<std::int64_t> seen;
  std::int64_t count = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < rows.times.size(); ++i) {
    if (!seen.insert(rows.utc(i)).second && count++ == 0) first = i;
  }
  return {count, first};
}

void check_order(const Rows& rows, const Reader& reader) {
  std::int64_t falls = 0;
  std::size_t first = 0;
  for (std::size_t i = 1; i < rows.times.size(); ++i) {
    if (rows.utc(i) >= rows.utc(i - 1)) continue;
    if (falls++ == 0) first = i;
  }
  if (falls == 0) return;
  const auto count = static_cast<std::int64_t>(rows.times.size());
  const bool all = falls + 1 == count;
  // One series below another.
  const auto [doubles, doubled] = doubles_of(rows);
  if (!reader.options.average_doubles &&
      static_cast<double>(doubles) > panel_doubles * static_cast<double>(count)) {
    refuse_doubles(reader,
                   fmt::format("{}: {}", place(reader.file.name(), rows.lines[doubled]),
                               reader.shown(rows, doubled)),
                   doubles, count);
  }
  throw Error(
      fmt::format("{}: column {}: {} comes after {}: {}",
                  place(reader.file.name(), rows.lines[first]), in_quotes(reader.clock.name()),
                  reader.shown(rows, first), reader.shown(rows, first - 1),
                  all ? std::string("the file has its newest rows first")
                      : fmt::format("{} out of order of time", counted(falls, "row"))),
      "give --sort to put the rows in order, if they are rows of one series");
}

// Within each range of rows: in order of time, those of one time as their mean.
void join_within(Rows& rows, std::size_t width,
                 const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
  Rows joined;
  const auto add = [&](std::span<const std::size_t> of_one_time) {
    for (std::size_t c = 0; c < width; ++c) {
      double sum = 0.0;
      double count = 0.0;
      for (const std::size_t row : of_one_time) {
        const double value = rows.values[row * width + c];
        if (std::isnan(value)) continue;
        sum += value;
        count += 1.0;
      }
      joined.values.push_back(count > 0.0 ? sum / count : std::numeric_limits<double>::quiet_NaN());
    }
    joined.times.push_back(rows.times[of_one_time.front()]);
    joined.lines.push_back(rows.lines[of_one_time.front()]);
    // The later clock holds from here on.
    if (!rows.offsets.empty()) joined.offsets.push_back(rows.offsets[of_one_time.back()]);
  };
  std::size_t next = 0;
  const auto copy_until = [&](std::size_t end) {
    for (; next < end; ++next) add(std::span(&next, 1));
  };
  for (const auto& [begin, end] : ranges) {
    copy_until(begin);
    std::vector<std::size_t> order(end - begin);
    std::iota(order.begin(), order.end(), begin);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rows.times[a] < rows.times[b]; });
    for (std::size_t i = 0; i < order.size();) {
      std::size_t last = i + 1;
      while (last < order.size() && rows.times[order[last]] == rows.times[order[i]]) ++last;
      add(std::span(order).subspan(i, last - i));
      i = last;
    }
    next = end;
  }
  copy_until(rows.times.size());
  joined.dropped = rows.dropped;
  joined.missing_cells = rows.missing_cells;
  rows = std::move(joined);
}

// The hour that clocks show twice. Where offsets distinguish the passes they are kept apart until
// here: the order of rows and real doubles are by UTC.
void join_clock_changes(Rows& rows, std::size_t width, const Reader& reader,
                        std::vector<std::string>& notes) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  if (rows.offsets.empty()) {
    ranges = doubled_hours(rows.times);
  } else {
    for (std::size_t i = 1; i < rows.times.size(); ++i) {
      if (rows.times[i] > rows.times[i - 1]) continue;
      // The rows before that the clock shows again, and those behind it that repeat them.
      std::size_t begin = i - 1;
      while (begin > 0 && rows.times[begin - 1] >= rows.times[i]) --begin;
      std::size_t end = i + 1;
      while (end < rows.times.size() && rows.times[end] <= rows.times[i - 1]) ++end;
      ranges.emplace_back(begin, end);
      i = end;
    }
  }
  if (ranges.empty()) return;
  const std::size_t first = ranges.front().first;
  const std::string example = fmt::format("{}: {}", place(reader.file.name(), rows.lines[first]),
                                          reader.shown(rows, first));
  const auto before = static_cast<std::int64_t>(rows.times.size());
  join_within(rows, width, ranges);
  const std::int64_t joined = before - static_cast<std::int64_t>(rows.times.size());
  notes.push_back(
      fmt::format("{} with a time that was there before, as clocks were set back "
                  "(first {}): averaged",
                  counted(joined, "row"), example));
}

// Rows of one time become their mean.
void join_doubles(Rows& rows, std::size_t width, const Reader& reader,
                  std::vector<std::string>& notes) {
  std::int64_t doubles = 0;
  std::size_t first = 0;
  for (std::size_t i = 1; i < rows.times.size(); ++i) {
    if (rows.utc(i) == rows.utc(i - 1) && doubles++ == 0) first = i;
  }
  if (doubles == 0) return;
  const std::string example = fmt::format("{}: {}", place(reader.file.name(), rows.lines[first]),
                                          reader.shown(rows, first));
  if (!reader.options.average_doubles)
    refuse_doubles(reader, example, doubles, static_cast<std::int64_t>(rows.times.size()));
  join_within(rows, width, {{0, rows.times.size()}});
  notes.push_back(fmt::format("{} with a time that was there before (first {}): averaged",
                              counted(doubles, "row"), example));
}

// The clock's offset from UTC where it changes. Where it changes more often than clocks are set,
// rows come from several places: all are shown by the last row's clock.
void settle_offsets(Rows& rows, TimeSeries& series) {
  if (rows.offsets.empty()) return;
  constexpr std::int64_t apart = std::int64_t{10} * 86400;
  std::int64_t changes = 0;
  std::int64_t close = 0;
  std::int64_t last = 0;
  for (std::size_t i = 1; i < rows.times.size(); ++i) {
    if (rows.offsets[i] == rows.offsets[i - 1]) continue;
    if (changes++ > 0 && rows.utc(i) - last < apart) ++close;
    last = rows.utc(i);
  }
  if (close > 0) {
    const std::int32_t offset = rows.offsets.back();
    for (std::size_t i = 0; i < rows.times.size(); ++i) {
      rows.times[i] = rows.utc(i) + offset;
      rows.offsets[i] = offset;
    }
    series.notes.push_back(fmt::format(
        "the offset from UTC changes {} times: all times are shown by the last row's", changes));
  }
}

void note_offsets(const Rows& rows, TimeSeries& series) {
  for (std::size_t i = 0; i < rows.offsets.size(); ++i) {
    if (series.offsets.empty() || series.offsets.back().second != rows.offsets[i])
      series.offsets.emplace_back(rows.times[i], rows.offsets[i]);
  }
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
    if (at <= last) {  // of two rows at one place the later one is reported
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
      placing.add_missing(calendar.missing_between(times[i - 1], times[i], most + 1), row);
    if (placing.missing > most) return place_between(times, calendar, 0);
    placing.add(row, times[i]);
  }
  return placing;
}

Placing place_on(std::span<const std::int64_t> times, const RowCalendar& calendar) {
  // Rows that are centuries apart are not worth the memory.
  const std::int64_t most = 10 * static_cast<std::int64_t>(times.size()) + 10'000;
  const bool is_by_the_clock = calendar.step.months == 0 && !calendar.by_month();
  if (calendar.is_even() && is_by_the_clock &&
      calendar.step.between(times.front(), times.back()) <= most)
    return place_evenly(times, calendar.step);
  const bool puts_in = calendar.carries_forward && !(calendar.is_even() && is_by_the_clock);
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
        fmt::format("{}: forecasts are for these times{}", calendar.sentence(),
                    outside == 0 ? "" : fmt::format("; {} at others", counted(outside, "row"))));
  }
  if (!calendar.carries_forward) {
    const std::int64_t places =
        calendar.step.between(series.times.front(), series.times.back()) + 1;
    series.notes.push_back(
        calendar.always_open()
            ? fmt::format("{:.0f} % of the {} between first and last row have no row, at no "
                          "regular times: rows are taken as they follow one another",
                          100.0 * static_cast<double>(places - rows) / static_cast<double>(places),
                          calendar.step.names())
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

// Rows with these cells alone.
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
Rows read_rows(CsvRows& file, const TimeSeriesOptions& options, TimeColumn& clock,
               const std::vector<std::size_t>& places, TimeSeries& series) {
  series.notation.where = options.where.empty() ? usual_rows(file, options) : options.where;
  RowFilter filter(file, series.notation.where);
  const TimeColumn::Rows first_rows = filter.matching(file.look_ahead(rows_to_look_at));
  series.notation.no_time = wants_no_time(file, options);
  if (!series.notation.no_time) clock.look_at(file, first_rows, places);
  NumberColumns numbers(file, places, {options.decimal, options.thousands},
                        {options.usual.decimal, options.usual.thousands});
  numbers.learn_from(file, first_rows, clock.places());
  Rows rows;
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
  Rows rows;
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
    const Reader reader{path, options, file, clock, places};
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

// A cycle of the calendar and how many sine waves encode the place in it.
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
