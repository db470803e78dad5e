// Rows of texts, from any kind of file that holds them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

enum class TextTableKind {
  csv,   // RFC 4180, the delimiter found from the rows (csv_rows.h)
  tsv,   // cells between tabs; quotes are part of the text
  json,  // an object on each line
  lines  // a text on each line
};

// By the file's name; `otherwise` for one that does not say.
TextTableKind table_kind(const std::filesystem::path& path, TextTableKind otherwise);

struct TextTableOptions {
  TextTableKind kind = TextTableKind::csv;
  // Rows that cannot be read are given with the reason; rows of .csv and .tsv may have any number
  // of cells.
  bool gives_faults = false;
  std::size_t longest_line = std::size_t{1} << 28U;  // of all but .csv
};

struct TextRow {
  std::vector<std::string> cells;
  std::int64_t line = 0;
  std::string fault;  // why it cannot be read; no cells then
};

class TextTable {
 public:
  // Throws Error for a file that cannot be read.
  TextTable(const std::filesystem::path& path, const TextTableOptions& options);
  ~TextTable();
  TextTable(const TextTable&) = delete;
  TextTable& operator=(const TextTable&) = delete;

  // Reads the next row; false at the end. Blank lines are no rows, but where a line is a text.
  bool next();
  TextRow& row();  // of which the caller may take the cells
  // "data.csv:12", of that row.
  std::string place() const;
  // Names of a JSON object's members so far, in whose order the cells are.
  const std::vector<std::string>& members() const;

 private:
  class Source;
  class CsvSource;
  class LineSource;
  class JsonSource;
  std::string name_;
  std::unique_ptr<Source> source_;
  TextRow row_;
};

// A-Z become a-z.
std::string lower_case(std::string_view text);

// The place of a column that is named, or numbered from 1; nothing if there is none of that name.
std::optional<std::size_t> column_place(const std::vector<std::string>& names,
                                        std::string_view wanted);
// Names as they may stand in a message: "a", "b", "c ...".
std::string names_shown(const std::vector<std::string>& names);

}  // namespace chronicler::data
