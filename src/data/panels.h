// Files that hold several series below one another or row by row.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "chronicler/data/csv_rows.h"

namespace chronicler::data {

// The column, or two of them, whose cells distinguish the rows of one time; no names if there are
// none.
struct SeriesKey {
  std::vector<std::string> columns;
  std::vector<std::string> values;        // of one series
  std::size_t series = 0;                 // how many
  std::vector<std::string> first_values;  // some of the first column's

  explicit operator bool() const { return !columns.empty(); }
};

// Reads the file anew; `time` and `numbers` are the columns of the time and those that are read.
SeriesKey series_key(const std::filesystem::path& path, const CsvRowsOptions& options,
                     const std::vector<std::size_t>& time, const std::vector<std::size_t>& numbers);

}  // namespace chronicler::data
