#include "insight/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::insight {

namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// The first of 1, 2, 5, 10, 20, 50, ... times a power of ten that is not below `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

std::string linear_label(double value, double step) {
  if (std::abs(value) < step * 1e-6) value = 0.0;  // not -0.0
  if (std::abs(value) >= 1e6 || step < 1e-4) {
    // As many digits as neighbouring ticks need to differ.
    const double digits = value == 0.0 ? 1.0 : std::log10(std::abs(value) / step) + 2.0;
    return fmt::format("{:.{}g}", value, std::clamp(static_cast<int>(digits), 6, 17));
  }
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

std::string power_of_ten_label(int exponent) {
  constexpr std::array<std::string_view, 10> digits = {"⁰", "¹", "²", "³", "⁴",
                                                       "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (exponent == 0) return "1";
  if (exponent == 1) return "10";
  std::string label = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) {
    label += digits[static_cast<std::size_t>(digit - '0')];
  }
  return label;
}

// Ticks at multiples of a round step; `widen` moves the ends out to ticks.
Axis linear_axis(Range range, int most_ticks, bool widen) {
  if (range.empty()) range = {0.0, 1.0};
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low <= 1e-13 * size || range.high == range.low) {  // a constant
    const double room = size > 0.0 ? 0.1 * size : 1.0;
    range = {range.low - room, range.high + room};
  }
  Axis axis{range.low, range.high, false, {}};
  const double step = round_step((range.high - range.low) / std::max(1, most_ticks - 1));
  auto first = static_cast<std::int64_t>(std::ceil(range.low / step - 1e-9));
  auto last = static_cast<std::int64_t>(std::floor(range.high / step + 1e-9));
  if (widen) {
    first = static_cast<std::int64_t>(std::floor(range.low / step + 1e-9));
    last = static_cast<std::int64_t>(std::ceil(range.high / step - 1e-9));
    axis.low = static_cast<double>(first) * step;
    axis.high = static_cast<double>(last) * step;
  }
  for (std::int64_t i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step;
    axis.ticks.push_back({value, linear_label(value, step)});
  }
  return axis;
}

Axis log_axis(Range range, int most_ticks) {
  if (range.empty()) range = {0.1, 1.0};
  const int low = static_cast<int>(std::floor(std::log10(range.low) + 1e-9));
  const int high = std::max(low + 1, static_cast<int>(std::ceil(std::log10(range.high) - 1e-9)));
  int step = 1;
  for (const int candidate : {1, 2, 3, 5, 10, 20, 50, 100}) {
    step = candidate;
    if ((high - low) / candidate + 1 <= most_ticks) break;
  }
  Axis axis{std::pow(10.0, low), std::pow(10.0, high), true, {}};
  for (int exponent = high; exponent >= low; exponent -= step) {
    axis.ticks.push_back({std::pow(10.0, exponent), power_of_ten_label(exponent)});
  }
  std::reverse(axis.ticks.begin(), axis.ticks.end());
  return axis;
}

bool drawable(double value, bool logarithmic) {
  return std::isfinite(value) && (!logarithmic || value > 0.0);
}

}  // namespace

double Axis::place(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
}

bool Axis::shows(double value) const { return drawable(value, logarithmic); }

double x_of(const Series& series, std::size_t index) {
  return series.x.empty() ? static_cast<double>(index) : series.x[index];
}

Axis horizontal_axis(const LineChart& chart, int most_ticks) {
  Range range;
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      const double x = x_of(series, i);
      if (std::isfinite(x) && drawable(series.y[i], chart.log_y)) range.take(x);
    }
  }
  return linear_axis(range, most_ticks, false);
}

Axis vertical_axis(const LineChart& chart, int most_ticks) {
  Range range;
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.y.size(); ++i) {
      if (std::isfinite(x_of(series, i)) && drawable(series.y[i], chart.log_y)) {
        range.take(series.y[i]);
      }
    }
  }
  return chart.log_y ? log_axis(range, most_ticks) : linear_axis(range, most_ticks, true);
}

void check_chart(const LineChart& chart) {
  for (const Series& series : chart.series) {
    if (series.x.empty() || series.x.size() == series.y.size()) continue;
    throw Error(fmt::format("chart \"{}\": series \"{}\" has {} x and {} y", chart.title,
                            series.name, series.x.size(), series.y.size()),
                "give one x for each y, or none");
  }
}

std::size_t text_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

}  // namespace chronicler::insight
