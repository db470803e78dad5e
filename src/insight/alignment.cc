#include "chronicler/insight/alignment.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "insight/axis.h"
#include "insight/markup.h"

namespace chronicler::insight {
namespace {

constexpr double cell = 26.0;
constexpr double letter = 7.2;
constexpr double margin = 14.0;
constexpr double title_height = 30.0;

double widest(const std::vector<std::string>& words) {
  std::size_t most = 0;
  for (const std::string& word : words) most = std::max(most, text_width(word));
  return letter * static_cast<double>(most);
}

}  // namespace

std::string to_svg(const Alignment& alignment, bool standalone) {
  const std::size_t columns = alignment.columns.size();
  const std::size_t rows = alignment.rows.size();
  if (columns == 0 || rows == 0 || alignment.values.size() != rows * columns) {
    throw Error(fmt::format("alignment \"{}\": {} rows of {} columns, got {} values",
                            alignment.title, rows, columns, alignment.values.size()));
  }
  // Words over the columns stand slanted, so that long ones do not run into each other.
  constexpr double slant = 0.82;
  const double left = margin + widest(alignment.rows) + 8.0;
  const double top = title_height + slant * widest(alignment.columns) + 16.0;
  const double grid_width = cell * static_cast<double>(columns);
  const double title_width = 9.0 * static_cast<double>(text_width(alignment.title)) + 2.0 * margin;
  const double overhang = 0.6 * letter * static_cast<double>(text_width(alignment.columns.back()));
  const double width = std::max(left + grid_width + overhang + margin, title_width);
  const double height = top + cell * static_cast<double>(rows) + margin;
  std::string svg = fmt::format(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" aria-label=\"{2}\">\n",
      width, height, escaped(alignment.title));
  if (standalone) svg += fmt::format("<style>{}</style>\n", chart_style());
  svg +=
      fmt::format("<rect class=\"ground\" width=\"{:.0f}\" height=\"{:.0f}\"/>\n", width, height);
  svg += fmt::format("<text class=\"title\" x=\"{:.0f}\" y=\"22\">{}</text>\n", margin,
                     escaped(alignment.title));
  for (std::size_t c = 0; c < columns; ++c) {
    const double x = left + cell * (static_cast<double>(c) + 0.5);
    svg += fmt::format(
        "<text class=\"name\" transform=\"translate({:.1f} {:.1f}) rotate(-55)\">{}</text>\n",
        x + 3.0, top - 6.0, escaped(alignment.columns[c]));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const double y = top + cell * static_cast<double>(r);
    svg += fmt::format(
        "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        left - 8.0, y + 0.65 * cell, escaped(alignment.rows[r]));
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = std::clamp(alignment.values[r * columns + c], 0.0, 1.0);
      svg += fmt::format(
          "<rect class=\"heat\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "fill-opacity=\"{:.2f}\"><title>{} - {}: {:.0f} %</title></rect>\n",
          left + cell * static_cast<double>(c), y, cell - 1.0, cell - 1.0, 0.03 + 0.97 * value,
          escaped(alignment.rows[r]), escaped(alignment.columns[c]), 100.0 * value);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace chronicler::insight
