// The rows of a file of time series, before they are put on a calendar: in order of time, one row
// for each time, their clock's offsets from UTC settled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/csv_rows.h"
#include "chronicler/data/time_series.h"
#include "data/time_column.h"

namespace chronicler::data {

// What the file holds, row by row, before it is put on a grid.
struct SeriesRows {
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

// How the file was opened, for whoever must look into it again.
struct SeriesReader {
  const std::filesystem::path& path;
  const TimeSeriesOptions& options;
  const CsvRows& file;
  const TimeColumn& clock;
  const std::vector<std::size_t>& places;

  std::string shown(const SeriesRows& rows, std::size_t row) const {
    const bool has_offset = !rows.offsets.empty();
    if (!has_offset) return format_timestamp(rows.times[row], false);
    return format_timestamp(Timestamp{rows.times[row], rows.offsets[row]}, clock.style(), false);
  }
};

// How the file's rows are read.
CsvRowsOptions csv_options(const TimeSeriesOptions& options);
// "3 rows", "1 row".
std::string counted(std::int64_t count, std::string_view what);
// "A", "B", ... of `all` values.
std::string alternatives(const std::vector<std::string>& values, std::size_t all);

void sort_by_time(SeriesRows& rows, std::size_t width);
// Throws Error for rows that are not in order of time.
void check_order(const SeriesRows& rows, const SeriesReader& reader);
// The hour that clocks show twice at the end of summer time: where rows have no offset, its two
// passes are recognized by their order.
void join_clock_changes(SeriesRows& rows, std::size_t width, const SeriesReader& reader,
                        std::vector<std::string>& notes);
// Rows of one time become their mean, where that was asked for; else throws Error, which says
// whether they seem to be of several series.
void join_doubles(SeriesRows& rows, std::size_t width, const SeriesReader& reader,
                  std::vector<std::string>& notes);
// Where the offset changes more often than clocks are set, all times are shown by the last one.
void settle_offsets(SeriesRows& rows, TimeSeries& series);
void note_offsets(const SeriesRows& rows, TimeSeries& series);

}  // namespace chronicler::data
