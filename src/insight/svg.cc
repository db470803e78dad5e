#include "chronicler/insight/svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "insight/axis.h"
#include "insight/markup.h"

namespace chronicler::insight {

namespace {

constexpr int palette_size = 6;
constexpr double letter_width =
    7.2;  // width of a letter at 12 px in a wide font: names must not touch

struct Rectangle {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

// Coordinates to a tenth of a pixel: smaller files, and nothing that an eye could see is lost.
std::string at(double value) { return fmt::format("{:.1f}", value); }

std::string open_svg(const std::string& title, const SvgOptions& options) {
  std::string svg =
      fmt::format(R"(<svg class="chart" {}viewBox="0 0 {} {}" role="img" aria-label="{}">)",
                  options.standalone ? R"(xmlns="http://www.w3.org/2000/svg" )" : "", options.width,
                  options.height, escaped(title));
  svg += '\n';
  if (options.standalone) {
    svg += fmt::format("<style>\n{}</style>\n", chart_style());
    svg += fmt::format("<rect class=\"ground\" width=\"{}\" height=\"{}\"/>\n", options.width,
                       options.height);
  }
  svg += fmt::format("<text class=\"title\" x=\"16\" y=\"24\">{}</text>\n", escaped(title));
  return svg;
}

std::string text(double x, double y, const std::string& anchor, const std::string& content) {
  return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", at(x), at(y), anchor,
                     escaped(content));
}

std::string line(const std::string& kind, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", kind, at(x1),
                     at(y1), at(x2), at(y2));
}

std::string axis_labels(const std::string& x_label, const std::string& y_label,
                        const Rectangle& plot, const SvgOptions& options) {
  std::string svg = text((plot.left + plot.right) / 2.0, options.height - 10.0, "middle", x_label);
  const double middle = (plot.top + plot.bottom) / 2.0;
  svg += fmt::format(
      "<text x=\"16\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 16 "
      "{0})\">{1}</text>\n",
      at(middle), escaped(y_label));
  return svg;
}

std::string axes(const Axis& x, const Axis& y, const Rectangle& plot) {
  std::string svg;
  for (const Tick& tick : y.ticks) {
    const double height = plot.bottom - y.place(tick.value) * plot.height();
    svg += line("grid", plot.left, height, plot.right, height);
    svg += text(plot.left - 8.0, height + 4.0, "end", tick.label);
  }
  for (const Tick& tick : x.ticks) {
    const double place = plot.left + x.place(tick.value) * plot.width();
    svg += line("axis", place, plot.bottom, place, plot.bottom + 4.0);
    svg += text(place, plot.bottom + 18.0, "middle", tick.label);
  }
  svg += line("axis", plot.left, plot.bottom, plot.right, plot.bottom);
  return svg;
}

std::string classes_of(const Series& series, std::size_t place) {
  const int color = series.color >= 0 ? series.color : static_cast<int>(place);
  return fmt::format("line c{}{}", color % palette_size, series.dashed ? " dashed" : "");
}

// The line, with a gap where a point cannot be drawn; a point without neighbours becomes a dot (a
// round line end).
std::string curve(const Series& series, std::size_t place, const Axis& x, const Axis& y,
                  const Rectangle& plot) {
  std::string path;
  bool drawing = false;
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    if (!std::isfinite(x_of(series, i)) || !y.shows(series.y[i])) {
      drawing = false;
      continue;
    }
    const std::string point = at(plot.left + x.place(x_of(series, i)) * plot.width()) + " " +
                              at(plot.bottom - y.place(series.y[i]) * plot.height());
    path += drawing ? "L" + point : "M" + point + "L" + point;
    drawing = true;
  }
  if (path.empty()) return {};
  return fmt::format("<path class=\"{}\" d=\"{}\"><title>{}</title></path>\n",
                     classes_of(series, place), path, escaped(series.name));
}

// One row of samples and names under the title, wrapped where the picture ends. Sets `bottom` to
// where it stops.
std::string legend(const LineChart& chart, const SvgOptions& options, double& bottom) {
  std::string svg;
  double x = 16.0;
  double y = 46.0;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const double width = 34.0 + letter_width * static_cast<double>(text_width(series.name)) + 14.0;
    if (x > 16.0 && x + width > options.width) {
      x = 16.0;
      y += 18.0;
    }
    svg += line(classes_of(series, i), x, y - 4.0, x + 26.0, y - 4.0);
    svg += fmt::format("<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>\n", at(x + 34.0), at(y),
                       escaped(series.name));
    x += width;
  }
  bottom = chart.series.empty() ? 30.0 : y;
  return svg;
}

std::string marks(const LineChart& chart, const Axis& x, const Rectangle& plot) {
  std::string svg;
  for (const Mark& mark : chart.marks) {
    const double share = x.place(mark.x);
    if (!(share >= 0.0 && share <= 1.0)) continue;
    const double place = plot.left + share * plot.width();
    const bool left = share > 0.75;  // the word stays inside the picture
    svg += line("mark", place, plot.top, place, plot.bottom);
    svg +=
        text(left ? place - 6.0 : place + 6.0, plot.top + 12.0, left ? "end" : "start", mark.text);
  }
  return svg;
}

}  // namespace

std::string to_svg(const LineChart& chart, const SvgOptions& options) {
  check_chart(chart);
  std::string svg = open_svg(chart.title, options);
  double legend_bottom = 0.0;
  svg += legend(chart, options, legend_bottom);
  const Axis x = horizontal_axis(chart, std::max(2, options.width / 80));
  const Axis y = vertical_axis(chart, std::max(2, options.height / 48));
  std::size_t widest = 0;
  for (const Tick& tick : y.ticks) widest = std::max(widest, text_width(tick.label));
  const Rectangle plot{36.0 + letter_width * static_cast<double>(widest), legend_bottom + 16.0,
                       options.width - 18.0, options.height - 50.0};
  svg += axes(x, y, plot);
  svg += axis_labels(chart.x_label, chart.y_label, plot, options);
  svg += marks(chart, x, plot);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    svg += curve(chart.series[i], i, x, y, plot);
  }
  return svg + "</svg>\n";
}

namespace {

// The cells, from `low` (almost the ground's colour) to `high`. Where cells are too narrow to be
// seen one by one, neighbours of the same shade become one.
std::string cells(const HeatMap& map, const Rectangle& plot, double low, double high) {
  constexpr double narrow = 4.0;
  constexpr double shades = 24.0;
  const double width = plot.width() / static_cast<double>(map.columns);
  const double height = plot.height() / static_cast<double>(map.rows);
  const bool joined = width < narrow;
  const double gap = joined ? 0.0 : 1.0;
  const auto shade_at = [&](std::int64_t i) {
    const double value = map.values[static_cast<std::size_t>(i)];
    if (!std::isfinite(value)) return -1.0;
    const double shade = high > low ? (value - low) / (high - low) : 0.5;
    return joined ? std::round(shade * shades) / shades : shade;
  };
  std::string svg;
  for (std::int64_t row = 0; row < map.rows; ++row) {
    std::int64_t next = 0;
    for (std::int64_t column = 0; column < map.columns; column = next) {
      const double shade = shade_at(row * map.columns + column);
      next = column + 1;
      while (joined && next < map.columns && shade_at(row * map.columns + next) == shade) ++next;
      if (shade < 0.0) continue;
      svg += fmt::format(
          "<rect class=\"heat\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
          "fill-opacity=\"{:.2f}\"/>\n",
          at(plot.left + static_cast<double>(column) * width),
          at(plot.top + static_cast<double>(row) * height),
          at(static_cast<double>(next - column) * width - gap), at(height - gap),
          0.04 + 0.96 * shade);
    }
  }
  return svg;
}

}  // namespace

std::string to_svg(const HeatMap& map, const SvgOptions& options) {
  if (map.rows < 1 || map.columns < 1 ||
      map.values.size() != static_cast<std::size_t>(map.rows * map.columns)) {
    throw Error(fmt::format("heat map \"{}\": {} rows of {} columns, got {} values", map.title,
                            map.rows, map.columns, map.values.size()));
  }
  std::string svg = open_svg(map.title, options);
  const bool has_axis = map.column_width > 0.0;
  const Rectangle plot{36.0, map.marks.empty() ? 40.0 : 56.0, options.width - 18.0,
                       options.height - (has_axis ? 50.0 : 32.0)};
  svg += axis_labels(map.x_label, map.y_label, plot, options);
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double value : map.values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  svg += cells(map, plot, low, high);
  if (!has_axis) return svg + "</svg>\n";

  const double end = map.column_width * static_cast<double>(map.columns);
  Axis x = horizontal_axis({.series = {{.x = {0.0, end}, .y = {0.0, 0.0}}}},
                           std::max(2, options.width / 80));
  const Axis y{.low = 0.0, .high = 1.0};
  svg += axes(x, y, plot);
  for (std::size_t i = 0; i < map.lines.size(); ++i) svg += curve(map.lines[i], i, x, y, plot);
  for (const Mark& mark : map.marks) {
    const double place = plot.left + x.place(mark.x) * plot.width();
    svg += line("mark", place, plot.top, place, plot.bottom);
    svg += text(place, plot.top - 6.0, "middle", mark.text);
  }
  return svg + "</svg>\n";
}

}  // namespace chronicler::insight
