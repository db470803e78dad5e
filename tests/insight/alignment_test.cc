#include "chronicler/insight/alignment.h"

#include <string>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/insight/report.h"

namespace chronicler::insight {
namespace {

const Alignment alignment{.title = "A <dog>",
                          .columns = {"Ein", "Hund", "(end)"},
                          .rows = {"A", "<dog>"},
                          .values = {0.9, 0.1, 0.0, 0.05, 0.9, 0.05}};

TEST(Alignment, HasAShadeForEachPairOfWords) {
  const std::string svg = to_svg(alignment);
  std::size_t cells = 0;
  for (std::size_t at = svg.find("class=\"heat\""); at != std::string::npos;
       at = svg.find("class=\"heat\"", at + 1))
    ++cells;
  EXPECT_EQ(cells, 6U);
  EXPECT_NE(svg.find("<title>A - Ein: 90 %</title>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;dog&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("<dog>"), std::string::npos);
  EXPECT_NE(svg.find("<style>"), std::string::npos);
  EXPECT_EQ(to_svg(alignment, false).find("<style>"), std::string::npos);
}

TEST(Alignment, StandsInAPage) {
  Report page("Attention");
  page.alignment(alignment);
  EXPECT_NE(page.html().find("<figure class=\"own\">"), std::string::npos);
}

TEST(Alignment, RefusesValuesThatDoNotFit) {
  Alignment other = alignment;
  other.values.pop_back();
  EXPECT_THROW(to_svg(other), Error);
  EXPECT_THROW(to_svg(Alignment{}), Error);
}

}  // namespace
}  // namespace chronicler::insight
