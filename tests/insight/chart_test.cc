#include "chronicler/insight/chart.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/insight/svg.h"
#include "chronicler/insight/text_plot.h"
#include "insight/axis.h"

namespace chronicler::insight {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> result;
  for (const Tick& tick : axis.ticks) result.push_back(tick.label);
  return result;
}

LineChart decay() {
  LineChart chart{.title = "Decay", .x_label = "steps back", .y_label = "norm", .log_y = true};
  Series fast{.name = "fast"};
  Series slow{.name = "slow", .dashed = true};
  for (int i = 0; i < 100; ++i) {
    fast.y.push_back(std::pow(0.8, i));
    slow.y.push_back(std::pow(0.97, i));
  }
  chart.series = {fast, slow};
  return chart;
}

TEST(Axis, TicksAreRoundNumbers) {
  const LineChart chart{.series = {{.name = "a", .y = {0.03, 0.97}}}};
  EXPECT_EQ(labels(vertical_axis(chart, 6)),
            (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  const LineChart years{.series = {{.name = "a", .x = {1937, 1983.9}, .y = {0, 1}}}};
  const Axis x = horizontal_axis(years, 6);
  EXPECT_EQ(labels(x), (std::vector<std::string>{"1940", "1950", "1960", "1970", "1980"}));
  EXPECT_EQ(x.low, 1937.0);
  EXPECT_EQ(x.place(1937.0), 0.0);
}

TEST(Axis, TicksOfLargeNumbersDiffer) {
  for (const double level : {1e6, 1e9, -1e12}) {
    const LineChart chart{.series = {{.name = "a", .y = {level - 1.0, level + 1.0}}}};
    std::vector<std::string> all = labels(vertical_axis(chart, 6));
    const std::size_t count = all.size();
    EXPECT_GE(count, 4U);
    EXPECT_EQ(static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin()), count);
  }
}

TEST(Axis, LogarithmicTicksArePowersOfTen) {
  const Axis y = vertical_axis(decay(), 6);
  EXPECT_EQ(y.high, 1.0);
  EXPECT_EQ(labels(y).back(), "1");
  EXPECT_EQ(labels(y).front(), "10⁻¹⁰");
  EXPECT_NEAR(y.place(1e-5), 0.5, 1e-12);
}

TEST(Axis, LivesWithConstantsAndNothing) {
  const LineChart constant{.series = {{.name = "a", .y = {5, 5, 5}}}};
  const Axis y = vertical_axis(constant, 5);
  EXPECT_LT(y.low, 5.0);
  EXPECT_GT(y.high, 5.0);
  const LineChart nothing{.series = {{.name = "a", .y = {std::nan("")}}}};
  EXPECT_FALSE(vertical_axis(nothing, 5).ticks.empty());
  LineChart logarithmic{.log_y = true, .series = {{.name = "a", .y = {0.0, -1.0, 1e-3}}}};
  EXPECT_EQ(labels(vertical_axis(logarithmic, 5)).front(), "10⁻³");
}

TEST(Svg, IsAPictureOfItsOwn) {
  const std::string svg = to_svg(decay());
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(contains(svg, "prefers-color-scheme:dark"));
  EXPECT_TRUE(contains(svg, ">steps back</text>"));
  EXPECT_TRUE(contains(svg, "class=\"line c1 dashed\""));
  EXPECT_FALSE(contains(svg, "<script"));
  // The name space is the only address in it.
  std::string rest = svg;
  rest.erase(rest.find("http://www.w3.org/2000/svg"), 4);
  EXPECT_FALSE(contains(rest, "http"));
  EXPECT_EQ(svg, to_svg(decay()));
}

TEST(Svg, EscapesEverythingThatIsGiven) {
  const std::string bad = "<b>&\"'\x01";
  const LineChart chart{.title = bad,
                        .x_label = bad,
                        .y_label = bad,
                        .series = {{.name = bad, .y = {1, 2}}},
                        .marks = {{0.5, bad}}};
  const std::string svg = to_svg(chart);
  EXPECT_FALSE(contains(svg, "<b>"));
  EXPECT_FALSE(contains(svg, "\x01"));
  EXPECT_TRUE(contains(svg, "&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD"));
}

TEST(Svg, BreaksTheLineWhereThereIsNoNumber) {
  const LineChart chart{.series = {{.name = "a", .y = {1, 2, std::nan(""), 3, 4}}}};
  const std::string svg = to_svg(chart);
  const std::string path = svg.substr(svg.find(" d=\"") + 4);
  const std::string drawn = path.substr(0, path.find('"'));
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), 'M'), 2);
  EXPECT_FALSE(contains(svg, "nan"));
  EXPECT_NO_THROW(to_svg(LineChart{}));
}

TEST(Svg, DrawsHeatMaps) {
  const HeatMap map{
      .title = "gates", .rows = 2, .columns = 3, .values = {0, 1, 2, 3, 4, std::nan("")}};
  const std::string svg = to_svg(map);
  EXPECT_TRUE(contains(svg, "fill-opacity=\"1.00\""));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_THROW(to_svg(HeatMap{.rows = 2, .columns = 2, .values = {1}}), Error);
}

TEST(Svg, DrawsLinesAndMarksOverHeatMaps) {
  const HeatMap map{.title = "sound",
                    .rows = 1,
                    .columns = 400,
                    .values = std::vector<double>(400, 1.0),
                    .column_width = 0.01,
                    .lines = {{.name = "spikes", .x = {0.0, 4.0}, .y = {0.0, 1.0}}},
                    .marks = {{2.0, "seven"}}};
  const std::string svg = to_svg(map, {.width = 440, .height = 200});
  EXPECT_TRUE(contains(svg, ">seven</text>"));
  EXPECT_TRUE(contains(svg, "M36.0 150.0"));  // the line begins in the lower left corner
  EXPECT_TRUE(contains(svg, "L422.0 56.0"));  // and ends in the upper right one
  // Cells of one shade that are too narrow to be seen are one.
  EXPECT_EQ(svg.find("class=\"heat\""), svg.rfind("class=\"heat\""));
}

TEST(Svg, RefusesSeriesOfTwoLengths) {
  EXPECT_THROW(to_svg(LineChart{.series = {{.name = "a", .x = {1}, .y = {1, 2}}}}), Error);
}

TEST(TextPlot, FitsTheTerminal) {
  const std::string text = to_text(decay());
  for (const std::string& line : lines(text)) EXPECT_LE(text_width(line), 72U) << line;
  EXPECT_TRUE(contains(text, "Decay\nnorm\n"));
  EXPECT_TRUE(contains(text, "10⁻¹⁰ ┤"));
  EXPECT_TRUE(contains(text, " fast\n"));
  EXPECT_TRUE(contains(text, " slow\n"));
  EXPECT_TRUE(contains(text, "steps back\n"));
  EXPECT_FALSE(contains(text, "\x1b"));
  EXPECT_TRUE(contains(to_text(decay(), {.color = true}), "\x1b[34m"));
  EXPECT_EQ(lines(to_text(decay(), {.height = 20})).size(), lines(text).size() + 6);
}

TEST(TextPlot, PutsDotsWhereTheNumbersAre) {
  // A straight line from the lower left to the upper right.
  const LineChart chart{.series = {{.name = "a", .y = {0, 1}}}};
  const auto rows = lines(to_text(chart, {.width = 40, .height = 4}));
  const std::string top = rows[1];
  const std::string bottom = rows[4];
  EXPECT_TRUE(contains(top, "1"));
  EXPECT_TRUE(contains(bottom, "0"));
  EXPECT_TRUE(contains(bottom, "┤⡠") || contains(bottom, "┤⣀") || contains(bottom, "┤⢀")) << bottom;
  EXPECT_TRUE(top.ends_with(" a")) << top;
}

TEST(TextPlot, KeepsNamesApart) {
  LineChart chart;
  for (const std::string name : {"one", "two", "three"})
    chart.series.push_back({.name = name, .y = {1, 1}});
  const std::string text = to_text(chart);
  for (const std::string name : {" one\n", " two\n", " three\n"}) EXPECT_TRUE(contains(text, name));
}

TEST(TextPlot, RefusesTooLittleRoom) {
  EXPECT_THROW(to_text(decay(), {.width = 39}), Error);
  EXPECT_THROW(to_text(decay(), {.height = 3}), Error);
  EXPECT_NO_THROW(to_text(LineChart{}));
}

}  // namespace
}  // namespace chronicler::insight
