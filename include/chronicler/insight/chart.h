// Charts: one description, drawn as SVG for a page (svg.h) or as text for a terminal (text_plot.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chronicler::insight {

// A line through points (x[i], y[i]). A point that is not finite breaks the line, and so does one
// at or below zero on a logarithmic axis.
struct Series {
  std::string name;
  std::vector<double> x;  // as many as y; empty: 0, 1, 2, ...
  std::vector<double> y;
  bool dashed = false;
  int color = -1;  // place in the palette of six; -1: the series' own place in the chart
};

// A vertical line with a word beside it.
struct Mark {
  double x = 0.0;
  std::string text;
};

struct LineChart {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool log_y = false;
  std::vector<Series> series;
  std::vector<Mark> marks = {};
};

// Numbers as shades, row by row: (rows, columns). Lines and marks lie over it.
struct HeatMap {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;      // rows * columns; what is not finite is left empty
  double column_width = 0.0;       // in units of x; 0: the axis has no numbers
  std::vector<Series> lines = {};  // x in those units, y from 0 at the bottom to 1 at the top
  std::vector<Mark> marks = {};    // x likewise; the words stand over the picture
};

}  // namespace chronicler::insight
