// The options of forecast's commands that say where the series is and how it is written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "chronicler/data/time_series.h"

namespace chronicler::cli::forecast {

struct SeriesOptions {
  std::string file;
  std::string time;
  std::string delimiter;
  std::string decimal;
  std::string thousands;
  std::string where;
  bool day_first = false;
  bool month_first = false;
  bool year_first = false;
  bool no_header = false;
  bool sort = false;
  bool average_doubles = false;
  std::int64_t max_rows = 2'000'000;
};

// FILE, required or not, and how it is read.
void add_series(CLI::App& app, SeriesOptions& options, bool is_required = true);
// Reads the columns of `reading`, which the options may change, and says on standard error what
// was irregular, unless `quiet`.
data::TimeSeries read_series(const SeriesOptions& options, data::TimeSeriesOptions reading,
                             bool quiet);

}  // namespace chronicler::cli::forecast
