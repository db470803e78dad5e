// What the two ways to draw a chart share: ranges, ticks and their labels.
#pragma once

#include <string>
#include <vector>

#include "chronicler/insight/chart.h"

namespace chronicler::insight {

struct Tick {
  double value = 0.0;
  std::string label;
};

struct Axis {
  double low = 0.0;
  double high = 1.0;
  bool logarithmic = false;
  std::vector<Tick> ticks;

  // Where a value lies: 0 at the low end, 1 at the high end.
  double place(double value) const;
  // Whether a value can be drawn at all.
  bool shows(double value) const;
};

// The horizontal axis spans the data exactly; the vertical one is widened to round numbers.
Axis horizontal_axis(const LineChart& chart, int most_ticks);
Axis vertical_axis(const LineChart& chart, int most_ticks);

// x of point `index` of a series.
double x_of(const Series& series, std::size_t index);

// Throws Error for series that cannot be drawn.
void check_chart(const LineChart& chart);

// Characters, not bytes, of UTF-8 text.
std::size_t text_width(const std::string& text);

}  // namespace chronicler::insight
