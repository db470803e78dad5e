// The rows of a CSV file one after another, whatever the size of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

struct CsvRowsOptions {
  char delimiter = '\0';  // '\0': comma, semicolon or tab, whichever the first line has most of
  bool header = true;     // false: the columns are called "column_1", "column_2", ...
};

// Takes what read_csv takes (csv.h) and refuses what it refuses, but keeps one row at a time.
class CsvRows {
 public:
  // Opens the file ("-" is standard input) and reads its header line. Throws Error for a file that
  // cannot be read or is empty.
  explicit CsvRows(const std::filesystem::path& path, const CsvRowsOptions& options = {});
  ~CsvRows();
  CsvRows(const CsvRows&) = delete;
  CsvRows& operator=(const CsvRows&) = delete;

  const std::string& name() const;  // of the file, as messages say it
  char delimiter() const;
  const std::vector<std::string>& columns() const;
  // The place of a column. Throws Error with the nearest names if there is none of that name.
  std::size_t find(std::string_view column) const;

  // Reads the next row; false at the end. Empty lines are skipped, but in a file of one column,
  // where they are missing cells unless they end the file. Throws Error for a row of another
  // length, quotes out of place and what is not UTF-8.
  bool next();
  std::span<const std::string_view> cells() const;  // of that row; valid until the next
  std::int64_t line() const;                        // where it starts in the file, from 1
  std::int64_t bytes_read() const;

  // Reads at most so many of the next rows, which next() still gives: a pipe cannot be read twice.
  const std::vector<std::vector<std::string>>& look_ahead(std::size_t rows);

 private:
  bool read_row();

  struct Source;
  std::unique_ptr<Source> source_;
};

}  // namespace chronicler::data
