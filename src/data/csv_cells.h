// What cells of a CSV file mean, for whoever reads one: names, numbers, and words for messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/data/csv.h"
#include "data/utf8.h"  // IWYU pragma: export

namespace chronicler::data {

// "data.csv:12"
std::string place(std::string_view name, std::int64_t line);
// A cell as it may stand in a message: on one line, and not endless.
std::string in_quotes(std::string_view cell);
// Without the spaces and tabs around it.
std::string_view trimmed(std::string_view cell);
// The names in a header line, or numbered ones; throws Error if two columns have one name.
std::vector<std::string> column_names(const std::vector<std::string_view>& cells,
                                      std::string_view name, std::int64_t line, bool header);
// Throws Error for options that contradict each other.
void check_options(const CsvOptions& options);

// A number, or what went wrong with the cell.
struct Reading {
  double value = 0.0;
  std::string problem;
  std::string hint;
};
// The value is 0 where there is a problem.
Reading read_number(std::string_view cell, const CsvOptions& options);
// A currency's or percent's sign beside digits; empty if there is none.
std::string unit_in(std::string_view cell);
bool is_missing(std::string_view cell, const CsvOptions& options);
// True for "12,4" and "1.234,5": a number once comma and point change places.
bool is_decimal_comma(std::string_view cell);

}  // namespace chronicler::data
