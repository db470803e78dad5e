// A series on its calendar: every time that should be there has a row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/data/row_calendar.h"
#include "chronicler/data/time_series.h"
#include "data/series_rows.h"

namespace chronicler::data {

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

Placing place_on(std::span<const std::int64_t> times, const RowCalendar& calendar);
// Throws Error for a file whose step is not the calendar's.
void check_distances(std::span<const std::int64_t> times, const RowCalendar& calendar,
                     const std::string& source);
// The series with a row at each of these times; rows that are put in repeat the last one.
TimeSeries placed(const TimeSeries& series, const Placing& placing, const RowCalendar& calendar);
// Says in the series' notes what the calendar is and what was put in.
void note_calendar(TimeSeries& series, const Placing& placing,
                   const std::vector<std::int64_t>& lines);
// What is missing holds the last number before it. Rows before the first number of the first column
// are cut.
void carry_forward(SeriesRows& rows, TimeSeries& series);

}  // namespace chronicler::data
