// Which rows of a series a forecaster learns from, chooses by and is tested on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chronicler/data/time_series.h"
#include "chronicler/tasks/forecaster.h"

namespace chronicler::tasks {

// How the rows are used: [0, learnt) to learn from, the last of these to choose by, the rest to
// test.
struct SeriesSplit {
  std::int64_t rows = 0;
  std::int64_t learnt = 0;
  std::int64_t validation = 0;
  std::int64_t fitted() const { return learnt - validation; }
};

// How many of the columns are forecast.
std::int64_t count_targets(const data::TimeSeries& series, const ForecastOptions& options);

// Throws Error for options out of their range. columns: of the series.
void check_options(const ForecastOptions& options, std::size_t columns);

// Throws Error if there are too few rows.
SeriesSplit split_rows(const data::TimeSeries& series, const ForecastOptions& options);

// Throws Error if a target never changes, or a column that is known ahead is no number somewhere.
void check_columns(const data::TimeSeries& series, const ForecastOptions& options,
                   const SeriesSplit& split);

// On the calendar of the rows to learn from. Where that puts in rows that the series does not have,
// or the other way round, other rows are to learn from: then once more.
data::TimeSeries on_learnt_calendar(const data::TimeSeries& given, const ForecastOptions& options);

}  // namespace chronicler::tasks
