#include "tasks/generate/text_folds.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

std::string joined(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

TEST(TextFolds, AreOfParagraphsOrOfLines) {
  const std::string text = "\na\nb\n\n\nc\n\nd\ne";
  EXPECT_EQ(passages_of(text, 3), (std::vector<std::string_view>{"\na\nb\n\n\n", "c\n\n", "d\ne"}));
  EXPECT_EQ(passages_of(text, 4),
            (std::vector<std::string_view>{"\n", "a\n", "b\n\n\n", "c\n\n", "d\n", "e"}));
  for (const std::string& each : {std::string(), std::string("x"), std::string("\n\n\n"), text}) {
    EXPECT_EQ(joined(passages_of(each, 1)), each);
    EXPECT_EQ(joined(passages_of(each, 100)), each);
  }
}

// Each line is tested once, and learnt from in all other folds.
TEST(TextFolds, AreDisjointAndCoverTheText) {
  std::string text;
  for (int i = 0; i < 47; ++i) text += "line " + std::to_string(i) + (i % 5 == 0 ? "\n\n" : "\n");
  const TextFolds folds(text, 5, 3);
  const std::vector<std::string_view> lines = passages_of(text, 1000);
  std::size_t tested = 0;
  for (std::int64_t fold = 0; fold < 5; ++fold) {
    const TextFold part = folds.fold(fold);
    EXPECT_EQ(part.learnt.size() + part.tested.size(), text.size());
    for (const std::string_view line : lines) {
      const bool is_tested = part.tested.find(line) != std::string::npos;
      EXPECT_NE(part.learnt.find(line) != std::string::npos, is_tested) << line;
      tested += is_tested ? 1 : 0;
    }
    EXPECT_EQ(TextFolds(text, 5, 3).fold(fold).tested, part.tested);
  }
  EXPECT_EQ(tested, lines.size());
  EXPECT_NE(TextFolds(text, 5, 4).fold(0).tested, folds.fold(0).tested);
  EXPECT_EQ(test::error_of([] { TextFolds("a\nb\nc", 4, 0); }),
            "4 folds need at least as many lines, got 3: use fewer folds");
}

}  // namespace
}  // namespace chronicler::tasks
