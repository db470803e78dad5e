#include "cli/table.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace chronicler::cli {

std::string to_text(const insight::ReportTable& table) {
  std::vector<std::vector<std::string>> lines{table.header};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::vector<std::size_t> widths(table.header.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  std::string text;
  for (const auto& line : lines) {
    text += fmt::format("  {:<{}}", line.front(), widths.front());
    for (std::size_t c = 1; c < line.size(); ++c)
      text += fmt::format("   {:>{}}", line[c], widths[c]);
    text += '\n';
  }
  return text;
}

std::string with_commas(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

}  // namespace chronicler::cli
