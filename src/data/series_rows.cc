#include "data/series_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/clock_changes.h"
#include "data/csv_cells.h"
#include "data/panels.h"

namespace chronicler::data {

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string alternatives(const std::vector<std::string>& values, std::size_t all) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + in_quotes(value);
  return all > values.size() ? text + ", ..." : text;
}

CsvRowsOptions csv_options(const TimeSeriesOptions& options) {
  CsvRowsOptions rows;
  rows.delimiter = options.delimiter;
  rows.header = options.header;
  rows.decimal = options.decimal != '\0' ? options.decimal : options.usual.decimal;
  return rows;
}

namespace {

constexpr double panel_doubles = 0.05;  // share of doubled rows from which they may be of series

}  // namespace

void sort_by_time(SeriesRows& rows, std::size_t width) {
  std::vector<std::size_t> order(rows.times.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows.utc(a) < rows.utc(b); });
  SeriesRows sorted = rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    sorted.times[i] = rows.times[order[i]];
    sorted.lines[i] = rows.lines[order[i]];
    if (!rows.offsets.empty()) sorted.offsets[i] = rows.offsets[order[i]];
    std::copy_n(rows.values.begin() + static_cast<std::ptrdiff_t>(order[i] * width), width,
                sorted.values.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  rows = std::move(sorted);
}

namespace {

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
[[noreturn]] void refuse_doubles(const SeriesReader& reader, const std::string& first,
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

// SeriesRows whose time stands in a row before, as {how many, the first}.
std::pair<std::int64_t, std::size_t> doubles_of(const SeriesRows& rows) {
  std::unordered_set<std::int64_t> seen;
  std::int64_t count = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < rows.times.size(); ++i) {
    if (!seen.insert(rows.utc(i)).second && count++ == 0) first = i;
  }
  return {count, first};
}

}  // namespace

void check_order(const SeriesRows& rows, const SeriesReader& reader) {
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

namespace {

// Within each range of rows: in order of time, those of one time as their mean.
void join_within(SeriesRows& rows, std::size_t width,
                 const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
  SeriesRows joined;
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

}  // namespace

// The hour that clocks show twice. Where offsets distinguish the passes they are kept apart until
// here: the order of rows and real doubles are by UTC.
void join_clock_changes(SeriesRows& rows, std::size_t width, const SeriesReader& reader,
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

// SeriesRows of one time become their mean.
void join_doubles(SeriesRows& rows, std::size_t width, const SeriesReader& reader,
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
void settle_offsets(SeriesRows& rows, TimeSeries& series) {
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

void note_offsets(const SeriesRows& rows, TimeSeries& series) {
  for (std::size_t i = 0; i < rows.offsets.size(); ++i) {
    if (series.offsets.empty() || series.offsets.back().second != rows.offsets[i])
      series.offsets.emplace_back(rows.times[i], rows.offsets[i]);
  }
}

}  // namespace chronicler::data
