#include "chronicler/data/csv_rows.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "data/csv_cells.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 18;

enum class Quote : std::uint8_t {
  may_open,  // at the start of a cell
  none,      // within a cell that does not begin with one
  open,
  closed  // just now: another one is part of the text
};

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// How many cells each of the first rows has if they are delimited so.
std::vector<std::int64_t> cells_of_rows(std::string_view text, char delimiter, bool quotes,
                                        bool is_whole) {
  constexpr std::size_t most_rows = 200;
  std::vector<std::int64_t> counts;
  std::int64_t count = 1;
  Quote quote = Quote::may_open;
  bool is_blank = true;
  const auto end_row = [&] {
    if (!is_blank) counts.push_back(count);
    count = 1;
    quote = Quote::may_open;
    is_blank = true;
  };
  for (const char c : text) {
    if (quote == Quote::open) {
      if (c == '"') quote = Quote::closed;
      continue;
    }
    if (is_line_end(c)) {
      end_row();
      if (counts.size() == most_rows) return counts;
      continue;
    }
    is_blank = is_blank && (c == ' ' || c == '\t');
    if (c == '"' && quotes && quote != Quote::none) {
      quote = Quote::open;
    } else if (c == delimiter) {
      ++count;
      quote = Quote::may_open;
    } else {
      quote = Quote::none;
    }
  }
  if (is_whole || counts.empty()) end_row();  // the last row may have been cut
  return counts;
}

// The one that gives most rows as many cells as the first one, and it more than one; what prose
// rarely has goes first.
char likely_delimiter(std::string_view text, bool quotes, bool is_whole, char decimal) {
  char best = ',';
  double most = 0.0;
  for (const char delimiter : {'\t', ';', '|', ','}) {
    const std::vector<std::int64_t> counts = cells_of_rows(text, delimiter, quotes, is_whole);
    if (counts.empty() || counts.front() < 2) continue;
    const auto alike =
        static_cast<double>(std::count(counts.begin(), counts.end(), counts.front()));
    const double share = alike / static_cast<double>(counts.size());
    if (share <= most) continue;
    // Decimal commas are in quotes where commas are the delimiter.
    if (delimiter == ',' && decimal == ',' && (most > 0.0 || share < 1.0)) continue;
    best = delimiter;
    most = share;
  }
  if (most == 0.0 && decimal == ',') return ';';
  return best;
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
  bool quotes = true;
  bool gives_faults = false;
  std::size_t longest = 0;
  std::vector<std::string> columns;
  std::string row;                      // as it stands in the file; quotes are undone in place
  std::string fault;                    // why it cannot be read
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

  // What the file begins with, before its first row is taken.
  std::string_view begin() {
    if (take() < 0) return {};
    put_back();
    return {chunk.data() + at, end - at};
  }

  // The bytes up to a line end that no quote holds; false if nothing is left.
  bool take_row() {
    row.clear();
    fault.clear();
    line = next_line;
    Quote quote = quotes ? Quote::may_open : Quote::none;
    bool is_too_long = false;
    for (;;) {
      const int c = take();
      if (c < 0) {
        if (quote == Quote::open) never_closed();
        return !row.empty() || is_too_long;
      }
      const bool is_end = is_line_end(static_cast<char>(c));
      if (is_end) ++next_line;
      if (c == '\r') {
        const int following = take();
        if (following >= 0 && following != '\n') put_back();
      }
      if (is_end && quote != Quote::open) return true;
      if (is_too_long) continue;
      if (row.size() == longest) {
        if (quote == Quote::open) never_closed();
        refuse(fmt::format("a line of more than {} bytes", longest),
               "is this a text file? Break it into lines");
        is_too_long = true;
        continue;
      }
      row += is_end ? '\n' : static_cast<char>(c);
      if (quotes && fault.empty()) quote = after(static_cast<char>(c), quote);
    }
  }

  Quote after(char c, Quote quote) {
    if (quote == Quote::open) return c == '"' ? Quote::closed : Quote::open;
    if (c == delimiter) return Quote::may_open;
    if (c == '"' && quote != Quote::none) return Quote::open;
    if (c == '"') {
      refuse("a quote in the middle of a cell",
             "put the whole cell in quotes and double the quote inside it");
    } else if (quote == Quote::closed) {
      refuse("text after a closing quote", "double a quote that is part of the text");
    }
    return Quote::none;
  }

  // A row that cannot be read: thrown, or given to whoever asked for it. Where quotes hold several
  // lines together, nobody knows which of them are rows.
  void refuse(const std::string& what, const std::string& hint) {
    if (!gives_faults || next_line > line)
      throw Error(fmt::format("{}: {}", place(name, line), what), hint);
    fault = what;
  }

  [[noreturn]] void never_closed() const {
    throw Error(fmt::format("{}: the quote that opens here is never closed", place(name, line)),
                "close it, or double a quote that is part of the text");
  }

  // True if all of the row is text.
  bool is_text() {
    const std::optional<TextFault> found = first_fault(row);
    if (!found) return true;
    if (gives_faults) {
      fault = found->what;
      return false;
    }
    const std::string_view before = std::string_view(row).substr(0, found->at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    throw Error(fmt::format("{}: {}", place(name, line + lines), found->what), found->hint);
  }

  void cut_row() {
    cells.clear();
    if (!fault.empty() || !is_text()) return;
    if (!quotes || row.find('"') == std::string::npos) {
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

  // Where quotes stand is known to be right by now.
  std::string_view bare_cell(std::size_t& i) const {
    const std::size_t begin = i;
    i = std::min(row.find(delimiter, i), row.size());
    return std::string_view(row).substr(begin, i - begin);
  }

  std::string_view quoted_cell(std::size_t& i) {
    const std::size_t begin = ++i;
    std::size_t end_of_text = begin;
    for (;; ++i) {
      if (row[i] == '"') {
        if (i + 1 == row.size() || row[i + 1] != '"') break;
        ++i;
      }
      row[end_of_text++] = row[i];
    }
    ++i;
    return std::string_view(row).substr(begin, end_of_text - begin);
  }

  bool is_blank() const { return fault.empty() && !has_text(row); }

  // Names that look the same are the same.
  std::vector<std::string> names(bool header) const {
    std::vector<std::string> plain;
    for (const std::string_view cell : cells) plain.push_back(plain_name(cell));
    return column_names({plain.begin(), plain.end()}, name, line, header);
  }
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
  source.quotes = options.quotes;
  source.gives_faults = options.gives_faults;
  source.longest = options.longest;
  const std::string_view begin = source.begin();
  check_begin(begin, source.name);
  source.delimiter =
      options.delimiter == '\0'
          ? likely_delimiter(begin, options.quotes, begin.size() < chunk_bytes, options.decimal)
          : options.delimiter;
  if (begin.starts_with(byte_order_mark)) source.at += byte_order_mark.size();
  do {
    if (!source.take_row())
      throw Error(fmt::format("{} is empty, expected a header line and rows", source.name));
  } while (source.is_blank());
  source.cut_row();
  source.columns = source.names(options.header);
  source.header_is_first_row = !options.header;
}

CsvRows::~CsvRows() = default;

const std::string& CsvRows::name() const { return source_->name; }
char CsvRows::delimiter() const { return source_->delimiter; }
const std::vector<std::string>& CsvRows::columns() const { return source_->columns; }
std::span<const std::string_view> CsvRows::cells() const { return source_->cells; }
std::int64_t CsvRows::bytes_read() const { return source_->bytes; }
const std::string& CsvRows::fault() const { return source_->fault; }

std::int64_t CsvRows::line() const {
  if (source_->gives_ahead) return source_->ahead_lines[source_->ahead_given - 1];
  return source_->skipped > 0 ? source_->line - source_->skipped : source_->line;
}

std::size_t CsvRows::find(std::string_view column) const {
  const auto& columns = source_->columns;
  const auto found = std::find(columns.begin(), columns.end(), plain_name(column));
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
    if (source.columns.size() == 1 && !source.gives_faults) ++source.skipped;
  } while (true);
  if (source.skipped > 0) {
    source.is_held = true;
    source.cells.assign(1, std::string_view());
    return true;
  }
  source.cut_row();
  if (!source.gives_faults && source.cells.size() != source.columns.size()) {
    throw Error(fmt::format("{}: {} {}, the first line has {}", place(source.name, source.line),
                            source.cells.size(), source.cells.size() == 1 ? "cell" : "cells",
                            source.columns.size()),
                source.quotes ? "a cell that holds the delimiter or a line end must be in quotes"
                              : "there is no tab within a cell");
  }
  return true;
}

}  // namespace chronicler::data
