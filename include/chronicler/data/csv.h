// Tables of text: RFC 4180 files with a header line, read whole, with errors that name file, line
// and column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::data {

// What a numeric column does with a cell that says that there is no number.
enum class Missing : std::uint8_t {
  error,  // refuses it, naming the place
  nan,    // gives NaN (floating-point columns only)
};

struct CsvOptions {
  char delimiter = ',';
  char decimal = '.';  // ',' reads "12,4"; it must differ from the delimiter
  // What may stand between groups of three digits: ",", ".", " " (no-break ones, too), "'".
  std::string thousands = "";
  bool header = true;  // false: the columns are called "column_1", "column_2", ...
  Missing missing = Missing::error;
  // Cells, without the spaces around them, that mean "no number" in a numeric column: those that
  // pandas, R and spreadsheets write.
  std::vector<std::string> missing_values = {"",     "-",    "NA",   "N/A",  "n/a",
                                             "#N/A", "#NA",  "<NA>", "NaN",  "nan",
                                             "-nan", "-NaN", "NULL", "null", "None"};
  std::int64_t max_bytes = std::int64_t{1} << 30;  // a larger file is refused, not read
};

// The cells of a file as text; numbers are made when a column is asked for, so that a table may
// hold dates and words too. A value: copies share the text.
class Table {
 public:
  std::int64_t rows() const;
  // Names in the order of the file. A column whose name is empty (as pandas writes for its index)
  // is called "column_" and its place, counted from 1.
  const std::vector<std::string>& columns() const;

  // The cells of a column. Throws Error with the nearest names if there is no such column.
  std::vector<std::string> text(std::string_view column) const;

  // The numbers of one column (N), or of several (N, C), as float32, float64 or int32. Spaces
  // around a number and a leading '+' are allowed. Throws Error with file, line and column for what
  // is not a number, not finite, missing (see Missing), outside the range of the type, or not whole
  // in an int32 column.
  Tensor numbers(std::string_view column, DType dtype = DType::float32) const;
  Tensor numbers(std::span<const std::string> columns, DType dtype = DType::float32) const;

 private:
  friend Table parse_csv(std::string contents, std::string_view name, const CsvOptions& options);
  struct Content;
  explicit Table(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
  std::size_t find(std::string_view column) const;

  std::shared_ptr<const Content> content_;
};

// Reads a file. Lines may end in LF, CRLF or CR; a UTF-8 byte-order mark is skipped; quoted cells
// may hold delimiters, line ends and doubled quotes. Empty lines are skipped, but in a table of one
// column, where they are missing cells unless they end the file. Throws Error for a file that
// cannot be read, is empty, is not UTF-8, has a row with more or fewer cells than the header, a
// quote out of place, or two columns of one name.
Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

// The same from memory; `name` stands for the file in errors.
Table parse_csv(std::string contents, std::string_view name = "<text>",
                const CsvOptions& options = {});

}  // namespace chronicler::data
