#include "data/csv_cells.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_map>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {

std::string place(std::string_view name, std::int64_t line) {
  return fmt::format("{}:{}", name, line);
}

std::string in_quotes(std::string_view cell) {
  constexpr std::size_t longest = 40;
  std::string shown;
  for (const char c : cell.substr(0, longest)) {
    if (static_cast<unsigned char>(c) < 0x20) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  if (cell.size() > longest) {
    // Not in the middle of a character.
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0U) == 0x80)
      shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
    shown += "...";
  }
  return fmt::format("\"{}\"", shown);
}

namespace {

std::string numbered_column(std::size_t place) { return fmt::format("column_{}", place + 1); }

}  // namespace

std::vector<std::string> column_names(const std::vector<std::string_view>& cells,
                                      std::string_view name, std::int64_t line, bool header) {
  std::vector<std::string> columns;
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool named = header && !cells[i].empty();
    columns.push_back(named ? std::string(cells[i]) : numbered_column(i));
    const auto [other, is_new] = seen.emplace(columns.back(), i);
    if (!is_new) {
      throw Error(fmt::format("{}: columns {} and {} are both called {}", place(name, line),
                              other->second + 1, i + 1, in_quotes(columns.back())),
                  "give each column a name of its own");
    }
  }
  return columns;
}

void check_options(const CsvOptions& options) {
  const std::string_view forbidden = "\"\r\n";
  if (forbidden.find(options.delimiter) != std::string_view::npos || options.delimiter == '\0') {
    throw Error("CsvOptions: the delimiter may not be a quote, a line end or a zero byte",
                "use ',', ';' or a tab");
  }
  if (options.decimal != '.' && options.decimal != ',') {
    throw Error(fmt::format("CsvOptions: decimal must be '.' or ',', got '{}'", options.decimal));
  }
  if (options.decimal == options.delimiter) {
    throw Error("CsvOptions: decimal and delimiter are both ','",
                "files with decimal commas are usually delimited by ';'");
  }
}

std::string_view trimmed(std::string_view cell) {
  const std::size_t begin = cell.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return cell.substr(begin, cell.find_last_not_of(" \t") - begin + 1);
}

bool is_decimal_comma(std::string_view cell) {
  const std::size_t comma = cell.find(',');
  if (comma == std::string_view::npos || cell.rfind(',') != comma) return false;
  const std::string_view digits = "0123456789";
  const std::string_view tail = cell.substr(comma + 1);
  return !tail.empty() && tail.find_first_not_of(digits) == std::string_view::npos &&
         cell.find_first_not_of("0123456789,.+-") == std::string_view::npos;
}

namespace {

std::string hint_for(std::string_view cell, const CsvOptions& options) {
  if (options.decimal == '.' && is_decimal_comma(cell)) {
    return "if the comma marks decimals, set CsvOptions::decimal to ','; thousands are written "
           "without "
           "marks";
  }
  if (options.decimal == ',' && cell.find('.') != std::string_view::npos) {
    return "CsvOptions::decimal is ','; thousands are written without marks";
  }
  return "correct the cell, or list it in CsvOptions::missing_values if it means that there is no "
         "number";
}

}  // namespace

Reading read_number(std::string_view cell, const CsvOptions& options) {
  Reading reading;
  std::string with_point;
  std::string_view digits = cell;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  if (options.decimal == ',') {
    with_point = digits;
    // A point in such a file is a thousands mark: made to fail below rather than guessed at.
    for (char& c : with_point) c = c == ',' ? '.' : (c == '.' ? '?' : c);
    digits = with_point;
  }
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, reading.value);
  if (error == std::errc::result_out_of_range && stop == end) {
    reading.problem = "does not fit in a 64-bit number";
    reading.hint = "check the exponent";
  } else if (error != std::errc() || stop != end) {
    reading.problem = "is not a number";
    reading.hint = hint_for(cell, options);
  } else if (!std::isfinite(reading.value)) {
    reading.problem = "is not finite";
    reading.hint = "list it in CsvOptions::missing_values if it means that there is no number";
  }
  return reading;
}

bool is_missing(std::string_view cell, const CsvOptions& options) {
  const auto& missing = options.missing_values;
  return std::find(missing.begin(), missing.end(), cell) != missing.end();
}

}  // namespace chronicler::data
