// Series of numbers with a clock, from files as they are: with gaps, doubled hours, decimal commas.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/data/row_calendar.h"
#include "chronicler/data/timestamp.h"

namespace chronicler::data {

// A cell that rows of one series have, as the shop's name in a file of many.
struct CellEquals {
  std::string column;
  std::string value;
};

// What a file's cells may leave open.
struct Notation {
  std::optional<DateOrder> dates = {};  // of 3/4/2024
  char decimal = '\0';                  // '.' or ','
  std::string thousands = {};           // ".", ",", " ", "'" or "none"
  std::vector<CellEquals> where = {};   // the rows of the series
  bool no_time = false;                 // rows only follow one another
};

struct TimeSeriesOptions {
  std::vector<std::string> columns;  // that hold the numbers
  // Of the time; several are joined with their words' places known by name: year, month, day, hour,
  // minute. Empty: the first column whose cells are dates, if any; else rows count. "none": they
  // do.
  std::vector<std::string> time = {};
  char delimiter = '\0';  // '\0': as the header line has it
  char decimal =
      '\0';  // '\0': as the numbers have it; ',' between cells of commas is accepted only
  bool header = true;
  bool sort = false;                  // rows in order of time first; else disorder is an error
  bool average_doubles = false;       // rows of one time become their mean; else many are an error
  std::int64_t max_rows = 2'000'000;  // of a longer file the last ones are kept
  RowCalendar calendar = {};          // a model's; without a step: learnt from the rows
  std::optional<DateOrder> dates = {};  // empty: as the rows show
  std::string thousands = {};           // see Notation; empty: as the numbers have it
  Notation usual = {};                  // of what is left open, as a model was learnt
  std::vector<CellEquals> where = {};   // rows with these cells alone
  bool utc = false;                     // times with an offset by UTC, not by their own clock
};

// Rows as they follow one another on a calendar. A place that the file has no number for holds the
// last one before it (never a later one), and is not `observed`.
struct TimeSeries {
  std::string source;
  std::vector<std::string> columns;
  std::vector<double> values;          // (rows, columns)
  std::vector<std::uint8_t> observed;  // (rows, columns)
  std::vector<std::int64_t> times;     // of each row; empty if the file has none
  std::vector<std::uint8_t> put_in;    // (rows) 1: the file has no such row; empty: it has them all
  std::string time_column;             // or several as split_names takes them; empty: none
  Notation notation;                   // what was found to be the file's, as far as it matters
  TimestampStyle style;                // in which times are written
  // The clock's offset from UTC from a time on, if the file says it; the last holds for what
  // comes.
  std::vector<std::pair<std::int64_t, std::int32_t>> offsets;
  RowCalendar calendar;            // that the times are of; without a step if there are none
  std::vector<std::string> notes;  // what was irregular, and what was done about it

  std::int64_t rows() const {
    return columns.empty() ? 0 : static_cast<std::int64_t>(values.size() / columns.size());
  }
  double at(std::int64_t row, std::size_t column) const {
    return values[static_cast<std::size_t>(row) * columns.size() + column];
  }
  bool is_observed(std::int64_t row, std::size_t column) const {
    return observed[static_cast<std::size_t>(row) * columns.size() + column] != 0;
  }
  // Up to the last row in which one of the first so many columns is observed.
  std::int64_t observed_rows(std::size_t of_columns) const;
  // The time of the `steps`-th row to come; 0 without times.
  std::int64_t time_after(std::int64_t steps) const {
    return times.empty() ? 0 : calendar.after(times.back(), steps);
  }
  // The times of the first `end` rows, but for those that were put in.
  std::vector<std::int64_t> times_of_file(std::int64_t end) const;
  // A row's time in the file's style, or its number, from 1.
  std::string label(std::int64_t row) const;
  std::string format_time(std::int64_t time) const;
};

// "a,b" as a and b; a backslash before a comma keeps it in a name.
std::vector<std::string> split_names(std::string_view names);

// Streams the file; memory grows with the rows and columns that are kept alone. The policy for what
// is irregular, each point of it reported in `notes`:
//   cells without a number      carried forward, not observed
//   closed times                nights, Sundays, months: see RowCalendar; no rows are missing there
//   missing rows                put in, as such cells; where more than a tenth would be missing,
//                               rows are taken as they follow one another
//   rows a little off the grid  moved to the nearest place on it, if nothing is closed
//   the hour that clocks show   averaged
//   twice when they are set back
// Times are those of the file's own clock. The order of day and month, and what points and commas
// mean, are found from all cells; what they leave open is as `usual`, or an error that shows the
// readings. Throws Error, with file and line, for a time that is none, times out of order (unless
// `sort`), other doubled times (unless `average_doubles`), several series in one file (unless
// `where` chooses one), and all that CsvRows refuses.
TimeSeries read_time_series(const std::filesystem::path& path, const TimeSeriesOptions& options);

// The same rows on another calendar: what was put in goes, and what that one misses is put in.
// Throws Error where they are rows of another kind: hourly ones on a calendar of days.
TimeSeries on_calendar(const TimeSeries& series, const RowCalendar& calendar);

// The calendar of each of these times, as numbers of about size 1: time of day, day of the week and
// time of the year as sines and cosines, whichever the step leaves open; (times, width).
std::vector<std::string> calendar_names(const TimeStep& step, bool with_year);
std::vector<float> calendar(std::span<const std::int64_t> times, const TimeStep& step,
                            bool with_year);

}  // namespace chronicler::data
