#include "data/series_calendar.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/csv_cells.h"

namespace chronicler::data {

namespace {

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

// SeriesRows keep their times. At most so many are put in, or none.
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

}  // namespace

Placing place_on(std::span<const std::int64_t> times, const RowCalendar& calendar) {
  // SeriesRows that are centuries apart are not worth the memory.
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

// What is missing holds the last number before it. SeriesRows before the first number of the first
// column are cut.
void carry_forward(SeriesRows& rows, TimeSeries& series) {
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

}  // namespace chronicler::data
