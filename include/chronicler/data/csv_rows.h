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
  // '\0': tab, semicolon, bar or comma, whichever gives the first rows the same number of cells.
  char delimiter = '\0';
  bool header = true;  // false: the columns are called "column_1", "column_2", ...
  bool quotes = true;  // false: quotes are part of the text, and a row is a line
  // Rows that cannot be read (not UTF-8, too long, quotes out of place) are given with the reason,
  // instead of an error, and rows may have any number of cells.
  bool gives_faults = false;
  std::size_t longest = std::size_t{1} << 22U;  // bytes of a row; longer: a quote was left open
  char decimal = '\0';                          // ',': a comma is the delimiter only if no other is
};

// Takes what read_csv takes (csv.h) and refuses what it refuses, but keeps one row at a time. Names
// of columns are plain text without spaces around it.
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
  // The place of a column, however its name is written in Unicode. Throws Error with the nearest
  // names if there is none of that name.
  std::size_t find(std::string_view column) const;

  // Reads the next row; false at the end. Empty lines are skipped, but in a file of one column,
  // where they are missing cells unless they end the file. Throws Error for a row of another
  // length, quotes out of place and what is not UTF-8.
  bool next();
  std::span<const std::string_view> cells() const;  // of that row; valid until the next
  std::int64_t line() const;                        // where it starts in the file, from 1
  std::int64_t bytes_read() const;
  const std::string& fault() const;  // why that row cannot be read; empty: it was

  // Reads at most so many of the next rows, which next() still gives: a pipe cannot be read twice.
  const std::vector<std::vector<std::string>>& look_ahead(std::size_t rows);

 private:
  bool read_row();

  struct Source;
  std::unique_ptr<Source> source_;
};

}  // namespace chronicler::data
