// How a forecast's command is told where the series is and how it is written.
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
  bool no_header = false;
  bool sort = false;
  bool average_doubles = false;
  std::int64_t max_rows = 2'000'000;
};

void add_series(CLI::App& app, SeriesOptions& options);
// "a,b" as a and b; a backslash before a comma keeps it in a name.
std::vector<std::string> split_names(const std::string& names);
// Reads these columns, on a model's calendar if one is given, and tells on standard error what was
// irregular, unless `quiet`.
data::TimeSeries read_series(const SeriesOptions& options, std::vector<std::string> columns,
                             const std::string& time_column, bool quiet,
                             const data::RowCalendar& calendar = {});

}  // namespace chronicler::cli::forecast
