#include "chronicler/insight/report.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::insight {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Report example() {
  Report report("A <title> & more");
  report.verdict("It works <well>.");
  report.heading("Numbers");
  report.paragraph("Some \"words\".");
  report.preformatted("a < b\n  c");
  report.table({.caption = "Table",
                .header = {"model", "error"},
                .rows = {{"A & B", "1.5"}, {"C", "2.5"}},
                .highlight = 0});
  report.chart({.title = "Chart", .series = {{.name = "a", .y = {1, 2, 3}}}});
  const std::vector<HeatMap> maps = {{.title = "Map", .rows = 1, .columns = 2, .values = {0, 1}}};
  report.heat_maps(maps);
  return report;
}

TEST(Report, IsOneWholePage) {
  const std::string html = example().html();
  EXPECT_TRUE(html.starts_with("<!doctype html>\n"));
  EXPECT_TRUE(html.ends_with("</html>\n"));
  EXPECT_TRUE(contains(html, "<h1>A &lt;title&gt; &amp; more</h1>"));
  EXPECT_TRUE(contains(html, "It works &lt;well&gt;."));
  EXPECT_TRUE(
      contains(html, "<tr class=\"best\"><th scope=\"row\">A &amp; B</th><td>1.5</td></tr>"));
  EXPECT_TRUE(contains(html, "<pre>a &lt; b\n  c</pre>"));
  EXPECT_TRUE(contains(html, "<figure>\n<svg"));
  EXPECT_EQ(html, example().html());
}

TEST(Report, AsksTheNetworkForNothing) {
  const std::string html = example().html();
  for (const char* forbidden :
       {"http:", "https:", "<script", "<link", "<img", "url(", "@import", "src="}) {
    EXPECT_FALSE(contains(html, forbidden)) << forbidden;
  }
  EXPECT_TRUE(contains(html, "default-src 'none'"));
}

TEST(Report, ClosesWhatItOpens) {
  const std::string html = example().html();
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with("!") || tag.starts_with("meta") || tag.ends_with("/")) continue;
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" \n") - (tag[0] == '/'));
    if (tag[0] != '/') {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << tag;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(Report, RefusesUnevenTables) {
  Report report("x");
  EXPECT_THROW(report.table({.caption = "t", .header = {"a", "b"}, .rows = {{"1"}}}), Error);
}

TEST(Report, WritesAWholeFileOrNone) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "chronicler_report_test";
  std::filesystem::create_directories(folder);
  const auto path = folder / "report.html";
  example().write(path);
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), example().html());
  EXPECT_THROW(example().write(folder / "missing" / "report.html"), Error);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace chronicler::insight
