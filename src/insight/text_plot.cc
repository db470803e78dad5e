#include "chronicler/insight/text_plot.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "insight/axis.h"

namespace chronicler::insight {

namespace {

// A character holds 2 x 4 dots: Unicode's Braille patterns, U+2800 and up.
class Canvas {
 public:
  Canvas(int columns, int rows)
      : columns_(columns),
        rows_(rows),
        patterns_(static_cast<std::size_t>(columns * rows), 0),
        owners_(static_cast<std::size_t>(columns * rows), 0) {}

  int dots_wide() const { return columns_ * 2; }
  int dots_high() const { return rows_ * 4; }

  // Dot (x, y) from the upper left corner, drawn for series `owner`.
  void dot(int x, int y, int owner) {
    // Bits of the dots of a character: the left column is 0, 1, 2, 6 from the top, the right one 3,
    // 4, 5, 7.
    constexpr unsigned bits[4][2] = {{0, 3}, {1, 4}, {2, 5}, {6, 7}};
    const auto place = static_cast<std::size_t>((y / 4) * columns_ + x / 2);
    patterns_[place] |= 1U << bits[y % 4][x % 2];
    owners_[place] = owner;
  }

  unsigned pattern(int column, int row) const { return patterns_[index(column, row)]; }
  int owner(int column, int row) const { return owners_[index(column, row)]; }

 private:
  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row * columns_ + column);
  }

  int columns_;
  int rows_;
  std::vector<unsigned> patterns_;
  std::vector<int> owners_;
};

std::string braille(unsigned pattern) {
  if (pattern == 0) return " ";
  // UTF-8 of U+2800 + pattern.
  return {static_cast<char>(0xE2), static_cast<char>(0xA0U + (pattern >> 6U)),
          static_cast<char>(0x80U + (pattern & 0x3FU))};
}

struct Point {
  int x = 0;
  int y = 0;
};

void draw_segment(Canvas& canvas, Point from, Point to, int owner, bool dashed) {
  const int steps = std::max({std::abs(to.x - from.x), std::abs(to.y - from.y), 1});
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    const int x = static_cast<int>(std::lround(from.x + share * (to.x - from.x)));
    const int y = static_cast<int>(std::lround(from.y + share * (to.y - from.y)));
    if (dashed && (x / 2) % 2 == 1) continue;
    canvas.dot(x, y, owner);
  }
}

std::string padded_left(const std::string& text, std::size_t width) {
  const std::size_t have = text_width(text);
  return have < width ? std::string(width - have, ' ') + text : text;
}

std::string colored(const std::string& text, int owner, bool color) {
  constexpr int codes[] = {34, 33, 32, 35, 36, 37};
  if (!color || text == " ") return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[owner % 6], text);
}

// Names go to the right of the drawing, each in the row where its line ends or the nearest free
// one.
struct EndLabels {
  std::vector<int> series_in_row;  // -1: none

  EndLabels(int rows) : series_in_row(static_cast<std::size_t>(rows), -1) {}

  void put(int row, int series) {
    const int rows = static_cast<int>(series_in_row.size());
    for (int distance = 0; distance < rows; ++distance) {
      for (const int candidate : {row - distance, row + distance}) {
        if (candidate < 0 || candidate >= rows) continue;
        int& place = series_in_row[static_cast<std::size_t>(candidate)];
        if (place >= 0) continue;
        place = series;
        return;
      }
    }
  }
};

// Tick labels under the axis, centred on their ticks, none over another.
std::string tick_row(const Axis& axis, int columns) {
  std::string row(static_cast<std::size_t>(columns), ' ');
  std::size_t free_from = 0;
  for (const Tick& tick : axis.ticks) {
    const auto middle =
        static_cast<std::int64_t>(std::lround(axis.place(tick.value) * (columns - 1)));
    const auto length = static_cast<std::int64_t>(tick.label.size());
    const std::int64_t begin = std::clamp<std::int64_t>(middle - length / 2, 0, columns - length);
    if (begin < static_cast<std::int64_t>(free_from)) continue;
    row.replace(static_cast<std::size_t>(begin), tick.label.size(), tick.label);
    free_from = static_cast<std::size_t>(begin + length + 1);
  }
  return row.substr(0, row.find_last_not_of(' ') + 1);
}

std::string ruler(const Axis& axis, int columns) {
  std::vector<bool> ticks(static_cast<std::size_t>(columns), false);
  for (const Tick& tick : axis.ticks) {
    ticks[static_cast<std::size_t>(std::lround(axis.place(tick.value) * (columns - 1)))] = true;
  }
  std::string row;
  for (const bool tick : ticks) row += tick ? "┬" : "─";
  return row;
}

// The lines of all series, and where the name of each may stand: in the row where it ends.
void draw_series(const LineChart& chart, const Axis& x, const Axis& y, Canvas& canvas,
                 EndLabels& names) {
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const Series& series = chart.series[s];
    bool drawing = false;
    Point last;
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (!std::isfinite(x_of(series, i)) || !y.shows(series.y[i])) {
        drawing = false;
        continue;
      }
      const Point point{
          static_cast<int>(std::lround(x.place(x_of(series, i)) * (canvas.dots_wide() - 1))),
          static_cast<int>(std::lround((1.0 - y.place(series.y[i])) * (canvas.dots_high() - 1)))};
      draw_segment(canvas, drawing ? last : point, point, static_cast<int>(s), series.dashed);
      last = point;
      drawing = true;
    }
    names.put(last.y / 4, static_cast<int>(s));
  }
}

}  // namespace

std::string to_text(const LineChart& chart, const TextOptions& options) {
  check_chart(chart);
  if (options.width < 40 || options.height < 4) {
    throw Error(fmt::format("a text chart needs at least 40 columns and 4 rows, got {} and {}",
                            options.width, options.height));
  }
  const Axis x = horizontal_axis(chart, 7);
  const Axis y = vertical_axis(chart, std::max(2, options.height / 2));

  std::size_t label_width = 0;
  for (const Tick& tick : y.ticks) label_width = std::max(label_width, text_width(tick.label));
  std::size_t name_width = 0;
  for (const Series& series : chart.series)
    name_width = std::max(name_width, text_width(series.name));
  name_width = std::min<std::size_t>(name_width, 16);
  const int columns = std::max(
      10, options.width - static_cast<int>(label_width) - 3 - static_cast<int>(name_width) - 1);

  Canvas canvas(columns, options.height);
  EndLabels names(options.height);
  draw_series(chart, x, y, canvas, names);

  std::vector<std::string> labels(static_cast<std::size_t>(options.height));
  for (const Tick& tick : y.ticks) {
    const auto row = std::lround((1.0 - y.place(tick.value)) * (canvas.dots_high() - 1)) / 4;
    labels[static_cast<std::size_t>(row)] = tick.label;
  }

  std::string text = chart.title + "\n";
  if (!chart.y_label.empty()) text += chart.y_label + "\n";
  for (int row = 0; row < options.height; ++row) {
    const std::string& label = labels[static_cast<std::size_t>(row)];
    std::string drawn = padded_left(label, label_width) + (label.empty() ? " │" : " ┤");
    for (int column = 0; column < columns; ++column) {
      drawn +=
          colored(braille(canvas.pattern(column, row)), canvas.owner(column, row), options.color);
    }
    const int named = names.series_in_row[static_cast<std::size_t>(row)];
    if (named >= 0) {
      drawn +=
          " " + colored(chart.series[static_cast<std::size_t>(named)].name, named, options.color);
    }
    text += drawn.substr(0, drawn.find_last_not_of(' ') + 1) + "\n";
  }
  const std::string margin(label_width + 1, ' ');
  text += margin + "└" + ruler(x, columns) + "\n";
  text += margin + " " + tick_row(x, columns) + "\n";
  if (!chart.x_label.empty()) {
    const std::size_t width = text_width(chart.x_label);
    const auto room = static_cast<std::size_t>(columns);
    text += margin + " " + std::string(room > width ? (room - width) / 2 : 0, ' ') + chart.x_label +
            "\n";
  }
  return text;
}

}  // namespace chronicler::insight
