#include "chronicler/data/csv_rows.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/csv_cells.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 18;
constexpr std::size_t longest_row = std::size_t{1} << 22;  // longer: a quote was left open

void check_text(std::string_view row, std::string_view name, std::int64_t line) {
  const std::optional<TextFault> fault = first_fault(row);
  if (!fault) return;
  const std::string_view before = row.substr(0, fault->at);
  line += std::count(before.begin(), before.end(), '\n');
  throw Error(fmt::format("{}: {}", place(name, line), fault->what), fault->hint);
}

// What stands in quotes does not count.
char likely_delimiter(std::string_view row) {
  constexpr std::array candidates{',', ';', '\t'};
  std::array<std::int64_t, candidates.size()> counts{};
  bool quoted = false;
  for (const char c : row) {
    quoted = quoted != (c == '"');
    for (std::size_t i = 0; i < candidates.size() && !quoted; ++i) counts[i] += c == candidates[i];
  }
  return candidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                             counts.begin())];
}

}  // namespace

struct CsvRows::Source {
  std::string name;
  std::ifstream file;
  std::istream* stream = nullptr;
  std::vector<char> chunk = std::vector<char>(chunk_bytes);
  std::size_t at = 0;
  std::size_t end = 0;
  std::int64_t bytes = 0;

  char delimiter = ',';
  std::vector<std::string> columns;
  std::string row;                      // as it stands in the file; quotes are undone in place
  std::vector<std::string_view> cells;  // point into it
  std::int64_t line = 1;                // of the row
  std::int64_t next_line = 1;
  std::int64_t skipped = 0;  // empty lines of a one-column file, still to be given
  bool is_held = false;      // the row behind those was read already

  std::vector<std::vector<std::string>> ahead;  // rows that were read before they were asked for
  std::vector<std::int64_t> ahead_lines;
  std::size_t ahead_given = 0;
  bool gives_ahead = false;  // the row is one of those

  bool header_is_first_row = false;

  // The next byte, or -1 at the end.
  int take() {
    if (at == end) {
      stream->read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      at = 0;
      end = static_cast<std::size_t>(stream->gcount());
      bytes += static_cast<std::int64_t>(end);
      if (stream->bad()) throw Error(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
      if (end == 0) return -1;
    }
    return static_cast<unsigned char>(chunk[at++]);
  }
  void put_back() { --at; }

  // The bytes up to a line end that no quote holds; false if nothing is left.
  bool take_row() {
    row.clear();
    line = next_line;
    bool quoted = false;
    for (;;) {
      const int c = take();
      if (c < 0) {
        if (quoted) never_closed();
        return !row.empty();
      }
      if (c == '"') {
        if (!quoted && !is_cell_start() && row.back() != '"') {
          throw Error(fmt::format("{}: a quote in the middle of a cell", place(name, line)),
                      "put the whole cell in quotes and double the quote inside it");
        }
        quoted = !quoted;
      }
      const bool is_end = c == '\n' || c == '\r';
      if (is_end) ++next_line;
      if (c == '\r') {
        const int following = take();
        if (following >= 0 && following != '\n') put_back();
        if (quoted) row += '\n';
      } else if (!is_end || quoted) {
        row += static_cast<char>(c);
      }
      if (is_end && !quoted) return true;
      if (row.size() > longest_row) never_closed();
    }
  }

  bool is_cell_start() const {
    if (row.empty() || row == byte_order_mark) return true;
    // The header line tells the delimiter only once it is read.
    return columns.empty() ? std::string_view(",;\t").find(row.back()) != std::string_view::npos
                           : row.back() == delimiter;
  }

  [[noreturn]] void never_closed() const {
    throw Error(fmt::format("{}: the quote that opens here is never closed", place(name, line)),
                "close it, or double a quote that is part of the text");
  }

  void cut_row() {
    check_text(row, name, line);
    cells.clear();
    if (row.find('"') == std::string::npos) {
      std::string_view rest = row;
      for (std::size_t next = rest.find(delimiter); next != std::string_view::npos;
           next = rest.find(delimiter)) {
        cells.push_back(rest.substr(0, next));
        rest.remove_prefix(next + 1);
      }
      cells.push_back(rest);
      return;
    }
    std::size_t i = 0;
    for (;;) {
      cells.push_back(i < row.size() && row[i] == '"' ? quoted_cell(i) : bare_cell(i));
      if (i == row.size()) return;
      ++i;  // the delimiter
    }
  }

  std::string_view bare_cell(std::size_t& i) const {
    const std::size_t begin = i;
    for (; i < row.size() && row[i] != delimiter; ++i) {
      if (row[i] != '"') continue;
      throw Error(fmt::format("{}: a quote in the middle of a cell", place(name, line)),
                  "put the whole cell in quotes and double the quote inside it");
    }
    return std::string_view(row).substr(begin, i - begin);
  }

  std::string_view quoted_cell(std::size_t& i) {
    const std::size_t begin = ++i;
    std::size_t end_of_text = begin;
    for (;; ++i) {
      if (i == row.size()) never_closed();
      if (row[i] == '"') {
        if (i + 1 == row.size() || row[i + 1] != '"') break;
        ++i;
      }
      row[end_of_text++] = row[i];
    }
    ++i;
    if (i < row.size() && row[i] != delimiter) {
      throw Error(fmt::format("{}: text after a closing quote", place(name, line)),
                  "double a quote that is part of the text");
    }
    return std::string_view(row).substr(begin, end_of_text - begin);
  }

  bool is_blank() const { return row.find_first_not_of(" \t") == std::string::npos; }
};

CsvRows::CsvRows(const std::filesystem::path& path, const CsvRowsOptions& options)
    : source_(std::make_unique<Source>()) {
  Source& source = *source_;
  source.name = path == "-" ? "standard input" : path.string();
  source.stream = &std::cin;
  if (path != "-") {
    std::error_code reason;
    if (std::filesystem::is_directory(path, reason)) {
      throw Error(fmt::format("cannot read {}: it is a folder, expected a CSV file", source.name));
    }
    errno = 0;
    source.file.open(path, std::ios::binary);
    if (!source.file) {
      throw Error(fmt::format("cannot read {}: {}", source.name, std::strerror(errno)),
                  "check the path");
    }
    source.stream = &source.file;
  }
  bool is_first = true;
  do {
    if (!source.take_row()) {
      throw Error(fmt::format("{} is empty, expected a header line and rows", source.name));
    }
    if (is_first) {
      check_begin(source.row, source.name);
      if (source.row.starts_with(byte_order_mark)) source.row.erase(0, byte_order_mark.size());
      is_first = false;
    }
  } while (source.is_blank());
  source.delimiter = options.delimiter == '\0' ? likely_delimiter(source.row) : options.delimiter;
  source.cut_row();
  source.columns = column_names(source.cells, source.name, source.line, options.header);
  source.header_is_first_row = !options.header;
}

CsvRows::~CsvRows() = default;

const std::string& CsvRows::name() const { return source_->name; }
char CsvRows::delimiter() const { return source_->delimiter; }
const std::vector<std::string>& CsvRows::columns() const { return source_->columns; }
std::span<const std::string_view> CsvRows::cells() const { return source_->cells; }
std::int64_t CsvRows::bytes_read() const { return source_->bytes; }

std::int64_t CsvRows::line() const {
  if (source_->gives_ahead) return source_->ahead_lines[source_->ahead_given - 1];
  return source_->skipped > 0 ? source_->line - source_->skipped : source_->line;
}

std::size_t CsvRows::find(std::string_view column) const {
  const auto& columns = source_->columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  const std::vector<std::string_view> known(columns.begin(), columns.end());
  unknown_name(fmt::format("column in {}", source_->name), column, known);
}

bool CsvRows::next() {
  Source& source = *source_;
  source.gives_ahead = source.ahead_given < source.ahead.size();
  if (!source.gives_ahead) return read_row();
  const std::vector<std::string>& row = source.ahead[source.ahead_given++];
  source.cells.assign(row.begin(), row.end());
  return true;
}

const std::vector<std::vector<std::string>>& CsvRows::look_ahead(std::size_t rows) {
  Source& source = *source_;
  while (source.ahead.size() < rows && read_row()) {
    source.ahead.emplace_back(source.cells.begin(), source.cells.end());
    source.ahead_lines.push_back(line());
  }
  return source.ahead;
}

bool CsvRows::read_row() {
  Source& source = *source_;
  if (source.header_is_first_row) {
    source.header_is_first_row = false;
    return true;
  }
  if (source.skipped > 0) --source.skipped;
  if (source.is_held) {
    if (source.skipped > 0) return true;
    source.is_held = false;
    source.cut_row();
    return true;
  }
  do {
    if (!source.take_row()) return false;
    if (!source.is_blank()) break;
    if (source.columns.size() == 1) ++source.skipped;
  } while (true);
  if (source.skipped > 0) {
    source.is_held = true;
    source.cells.assign(1, std::string_view());
    return true;
  }
  source.cut_row();
  if (source.cells.size() != source.columns.size()) {
    throw Error(fmt::format("{}: {} {}, the first line has {}", place(source.name, source.line),
                            source.cells.size(), source.cells.size() == 1 ? "cell" : "cells",
                            source.columns.size()),
                "a cell that holds the delimiter or a line end must be in quotes");
  }
  return true;
}

}  // namespace chronicler::data
