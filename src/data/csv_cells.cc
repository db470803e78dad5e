#include "data/csv_cells.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_map>
#include <utility>

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
  if (options.thousands.find_first_not_of(",. '") != std::string::npos ||
      options.thousands.find(options.decimal) != std::string::npos) {
    throw Error(
        fmt::format("CsvOptions: thousands must be of \",\", \".\", \" \" and \"'\", other "
                    "than decimal, got \"{}\"",
                    options.thousands));
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

// A mark between thousands at the beginning, and how many bytes it has; none: '\0'.
std::pair<char, std::size_t> thousands_mark(std::string_view text) {
  if (text.empty()) return {'\0', 0};
  for (const char mark : {',', '.', ' ', '\''}) {
    if (text.front() == mark) return {mark, 1};
  }
  // No-break, narrow and thin spaces; the apostrophe of printed texts.
  for (const auto& [bytes, mark] : {std::pair<std::string_view, char>{"\xC2\xA0", ' '},
                                    {"\xE2\x80\xAF", ' '},
                                    {"\xE2\x80\x89", ' '},
                                    {"\xE2\x80\x99", '\''}}) {
    if (text.starts_with(bytes)) return {mark, bytes.size()};
  }
  return {'\0', 0};
}

// 1,288 or 12,34,567: groups of three, but those of India.
bool are_groups(const std::vector<std::size_t>& sizes, std::string_view digits) {
  if (sizes.back() != 3 || sizes.front() < 1 || sizes.front() > 3 || digits.front() == '0')
    return false;
  const auto inner = [&](std::size_t size) {
    return std::all_of(sizes.begin() + 1, sizes.end() - 1,
                       [&](std::size_t one) { return one == size; });
  };
  return inner(3) || (sizes.size() > 2 && sizes.front() <= 2 && inner(2));
}

// What std::from_chars reads; empty for marks out of place.
std::string plain_number(std::string_view cell, const CsvOptions& options) {
  constexpr std::string_view minus = "\xE2\x88\x92";
  std::string plain;
  if (cell.starts_with(minus)) {
    plain = "-";
    cell.remove_prefix(minus.size());
  } else if (cell.starts_with('-')) {
    plain = "-";
    cell.remove_prefix(1);
  } else if (cell.starts_with('+')) {
    cell.remove_prefix(1);
  }
  if (cell.starts_with('-') || cell.starts_with('+')) return {};
  std::string digits;
  std::vector<std::size_t> sizes{0};
  char mark = '\0';
  while (!cell.empty()) {
    if (cell.front() >= '0' && cell.front() <= '9') {
      digits += cell.front();
      ++sizes.back();
      cell.remove_prefix(1);
      continue;
    }
    const auto [found, length] = thousands_mark(cell);
    if (found == '\0' || found == options.decimal ||
        options.thousands.find(found) == std::string::npos)
      break;
    if (mark != '\0' && mark != found) return {};
    mark = found;
    sizes.push_back(0);
    cell.remove_prefix(length);
  }
  if (sizes.size() > 1 && (digits.empty() || !are_groups(sizes, digits))) return {};
  plain += digits;
  std::string rest(cell);
  if (rest.starts_with(options.decimal)) {
    rest.front() = '.';
  } else if (rest.find('.') != std::string::npos) {
    return {};
  }
  // Behind thousands come decimals alone.
  if (sizes.size() > 1 &&
      rest.find_first_not_of("0123456789", rest.starts_with('.') ? 1 : 0) != std::string::npos)
    return {};
  return plain + rest;
}

std::string hint_for(std::string_view cell, const CsvOptions& options) {
  if (options.decimal == '.' && is_decimal_comma(cell)) {
    return "if the comma marks decimals, set CsvOptions::decimal to ','; if it marks thousands, "
           "CsvOptions::thousands";
  }
  if (options.decimal == ',' && cell.find('.') != std::string_view::npos) {
    return "CsvOptions::decimal is ','; if the point marks thousands, set CsvOptions::thousands";
  }
  if (const std::string unit = unit_in(cell); !unit.empty())
    return fmt::format("numbers are written without units: take {} out", in_quotes(unit));
  return "correct the cell, or list it in CsvOptions::missing_values if it means that there is no "
         "number";
}

}  // namespace

std::string unit_in(std::string_view cell) {
  constexpr std::array<std::string_view, 9> units{"$",   "\u20ac", "\u00a3", "\u00a5", "%",
                                                  "USD", "EUR",    "GBP",    "CHF"};
  for (const std::string_view unit : units) {
    if (cell.find(unit) != std::string_view::npos &&
        cell.find_first_of("0123456789") != std::string_view::npos)
      return std::string(unit);
  }
  return {};
}

Reading read_number(std::string_view cell, const CsvOptions& options) {
  Reading reading;
  std::string plain;
  std::string_view digits = cell;
  if (options.decimal != '.' ||
      cell.find_first_not_of("0123456789.-eE") != std::string_view::npos) {
    // Words such as "inf" stay what they are: not finite.
    plain = plain_number(cell, options);
    digits = plain;
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
