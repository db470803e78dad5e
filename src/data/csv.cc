#include "chronicler/data/csv.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/csv_cells.h"
#include "data/number_reader.h"

namespace chronicler::data {

struct Table::Content {
  std::string name;
  CsvOptions options;
  std::string bytes;                    // the cells point into it
  std::vector<std::string> columns;     // as many as each row has cells
  std::vector<std::string_view> cells;  // row by row
  std::vector<std::int64_t> lines;      // where each row starts in the file, counted from 1
};

namespace {

// ---- encoding

void check_encoding(std::string_view bytes, std::string_view name) {
  check_begin(bytes, name);
  const std::optional<TextFault> fault = first_fault(bytes);
  if (!fault) return;
  // Lines end in LF, CRLF or CR.
  std::int64_t line = 1;
  for (std::size_t i = 0; i < fault->at; ++i) {
    const bool is_cr = bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n');
    line += bytes[i] == '\n' || is_cr ? 1 : 0;
  }
  throw Error(fmt::format("{}: {}", place(name, line), fault->what), fault->hint);
}

// ---- rows

// Cuts the bytes into rows of cells. Doubled quotes are undone in place: a cell only ever gets
// shorter.
class Tokenizer {
 public:
  Tokenizer(std::string& bytes, std::size_t start, std::string_view name, char delimiter)
      : bytes_(bytes), name_(name), delimiter_(delimiter), at_(start) {}

  bool at_end() const { return at_ == bytes_.size(); }
  std::int64_t line() const { return line_; }

  // The next row; a line with nothing on it is one empty cell.
  void row(std::vector<std::string_view>& cells) {
    cells.clear();
    for (;;) {
      cells.push_back(!at_end() && bytes_[at_] == '"' ? quoted_cell() : bare_cell());
      if (at_end()) return;
      if (bytes_[at_] != delimiter_) break;
      ++at_;
    }
    take_line_end();
  }

 private:
  bool at_line_end() const { return bytes_[at_] == '\n' || bytes_[at_] == '\r'; }

  void take_line_end() {
    if (bytes_[at_] == '\r' && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string_view bare_cell() {
    const std::size_t begin = at_;
    while (!at_end() && bytes_[at_] != delimiter_ && !at_line_end()) {
      if (bytes_[at_] == '"') {
        throw Error(fmt::format("{}: a quote in the middle of a cell", place(name_, line_)),
                    "put the whole cell in quotes and double the quote inside it");
      }
      ++at_;
    }
    return std::string_view(bytes_).substr(begin, at_ - begin);
  }

  std::string_view quoted_cell() {
    const std::int64_t opened = line_;
    const std::size_t begin = ++at_;
    std::size_t end = begin;
    for (;; ++at_) {
      if (at_end()) {
        throw Error(
            fmt::format("{}: the quote that opens here is never closed", place(name_, opened)),
            "close it, or double a quote that is part of the text");
      }
      char c = bytes_[at_];
      if (c == '"') {
        const bool doubled = at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '"';
        if (!doubled) break;
        ++at_;
      } else if (c == '\n' ||
                 (c == '\r' && (at_ + 1 == bytes_.size() || bytes_[at_ + 1] != '\n'))) {
        ++line_;
      }
      bytes_[end++] = c;
    }
    ++at_;
    if (!at_end() && bytes_[at_] != delimiter_ && !at_line_end()) {
      throw Error(fmt::format("{}: text after a closing quote", place(name_, line_)),
                  "double a quote that is part of the text");
    }
    return std::string_view(bytes_).substr(begin, end - begin);
  }

  std::string& bytes_;
  std::string_view name_;
  char delimiter_;
  std::size_t at_;
  std::int64_t line_ = 1;
};

// ---- numbers

void store(Tensor& tensor, std::int64_t index, double value) {
  switch (tensor.dtype()) {
    case DType::float32:
      tensor.as<float>()[index] = static_cast<float>(value);
      break;
    case DType::float64:
      tensor.as<double>()[index] = value;
      break;
    default:
      tensor.as<std::int32_t>()[index] = static_cast<std::int32_t>(value);
  }
}

}  // namespace

// ---- reading

Table parse_csv(std::string contents, std::string_view name, const CsvOptions& options) {
  check_options(options);
  check_encoding(contents, name);
  auto content = std::make_shared<Table::Content>();
  content->name = name;
  content->options = options;
  content->bytes = std::move(contents);

  const std::size_t start =
      content->bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  if (content->bytes.find_first_not_of(" \t\r\n", start) == std::string::npos) {
    throw Error(fmt::format("{} is empty, expected a header line and rows", name));
  }
  Tokenizer tokenizer(content->bytes, start, name, options.delimiter);
  std::vector<std::string_view> cells;
  std::int64_t skipped = 0;  // empty lines of a one-column table: rows if another row follows
  while (!tokenizer.at_end()) {
    const std::int64_t line = tokenizer.line();
    tokenizer.row(cells);
    const bool is_empty = cells.size() == 1 && cells[0].empty();
    if (content->columns.empty()) {
      if (is_empty) continue;
      content->columns = column_names(cells, name, line, options.header);
      if (options.header) continue;
    } else if (is_empty) {
      if (content->columns.size() == 1) ++skipped;
      continue;
    }
    for (; skipped > 0; --skipped) {
      content->cells.emplace_back();
      content->lines.push_back(line - skipped);
    }
    if (cells.size() != content->columns.size()) {
      throw Error(fmt::format("{}: {} {}, the first line has {}", place(name, line), cells.size(),
                              cells.size() == 1 ? "cell" : "cells", content->columns.size()),
                  "a cell that holds the delimiter or a line end must be in quotes");
    }
    content->cells.insert(content->cells.end(), cells.begin(), cells.end());
    content->lines.push_back(line);
  }
  if (content->lines.empty()) {
    throw Error(fmt::format("{} has a header line but no rows", name));
  }
  return Table(std::move(content));
}

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const std::string name = path.string();
  std::error_code status_error;
  const auto status = std::filesystem::status(path, status_error);
  if (!std::filesystem::exists(status)) {
    throw Error(fmt::format("cannot read {}: {}", name,
                            status_error ? status_error.message() : "no such file"),
                "check the path");
  }
  if (std::filesystem::is_directory(status)) {
    throw Error(fmt::format("cannot read {}: it is a folder, expected a CSV file", name));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
  std::string contents;
  std::vector<char> chunk(std::size_t{1} << 16);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    contents.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (static_cast<std::int64_t>(contents.size()) > options.max_bytes) {
      throw Error(fmt::format("{} is larger than {} bytes", name, options.max_bytes),
                  "raise CsvOptions::max_bytes, or split the file");
    }
  }
  if (file.bad()) throw Error(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
  return parse_csv(std::move(contents), name, options);
}

// ---- columns

std::int64_t Table::rows() const { return static_cast<std::int64_t>(content_->lines.size()); }

const std::vector<std::string>& Table::columns() const { return content_->columns; }

std::size_t Table::find(std::string_view column) const {
  const auto& columns = content_->columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  if (columns.size() == 1) {
    for (const auto& [delimiter, title] : {std::pair{';', "';'"}, {'\t', "a tab"}, {',', "','"}}) {
      if (delimiter != content_->options.delimiter &&
          columns[0].find(delimiter) != std::string::npos) {
        throw Error(fmt::format("{} has one column, {}: none is called {}", content_->name,
                                in_quotes(columns[0]), in_quotes(column)),
                    fmt::format("set CsvOptions::delimiter to {}", title));
      }
    }
  }
  const std::vector<std::string_view> known(columns.begin(), columns.end());
  unknown_name(fmt::format("column in {}", content_->name), column, known);
}

std::vector<std::string> Table::text(std::string_view column) const {
  const std::size_t width = content_->columns.size();
  std::vector<std::string> result;
  result.reserve(content_->lines.size());
  for (std::size_t i = find(column); i < content_->cells.size(); i += width) {
    result.emplace_back(content_->cells[i]);
  }
  return result;
}

Tensor Table::numbers(std::string_view column, DType dtype) const {
  const std::string name(column);
  return numbers(std::span(&name, 1), dtype).reshaped({rows()});
}

Tensor Table::numbers(std::span<const std::string> columns, DType dtype) const {
  if (dtype == DType::boolean) {
    throw Error("Table::numbers: numbers cannot be read as boolean", "ask for int32");
  }
  if (dtype == DType::int32 && content_->options.missing == Missing::nan) {
    throw Error("Table::numbers: int32 has no NaN for missing cells",
                "ask for float32, or set CsvOptions::missing to Missing::error");
  }
  if (columns.empty()) throw Error("Table::numbers: no columns were named");
  const auto count = static_cast<std::int64_t>(columns.size());
  std::vector<std::size_t> places;
  for (const std::string& column : columns) places.push_back(find(column));
  const NumberReader reader(content_->name, content_->options, dtype);
  const std::size_t width = content_->columns.size();
  Tensor result(Shape{rows(), count}, dtype);
  for (std::int64_t row = 0; row < rows(); ++row) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::size_t column = places[static_cast<std::size_t>(i)];
      const std::size_t cell = static_cast<std::size_t>(row) * width + column;
      store(result, row * count + i,
            reader.read(content_->cells[cell], content_->lines[static_cast<std::size_t>(row)],
                        content_->columns[column]));
    }
  }
  return result;
}

}  // namespace chronicler::data
