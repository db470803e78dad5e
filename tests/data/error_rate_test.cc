#include "chronicler/data/error_rate.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

void expect_counts(const EditCounts& counts, std::int64_t substitutions, std::int64_t deletions,
                   std::int64_t insertions, std::int64_t reference) {
  EXPECT_EQ(counts.substitutions, substitutions);
  EXPECT_EQ(counts.deletions, deletions);
  EXPECT_EQ(counts.insertions, insertions);
  EXPECT_EQ(counts.reference, reference);
}

TEST(ErrorRate, CountsWords) {
  expect_counts(word_errors("the cat sat", "the cat sat"), 0, 0, 0, 3);
  expect_counts(word_errors("the cat sat", "the dog sat"), 1, 0, 0, 3);
  expect_counts(word_errors("the cat sat", "the sat"), 0, 1, 0, 3);
  expect_counts(word_errors("the cat sat", " the\tbig  cat sat\n"), 0, 0, 1, 3);
  expect_counts(word_errors("a b c d", "b c d e"), 0, 1, 1, 4);
  expect_counts(word_errors("a b", ""), 0, 2, 0, 2);
  expect_counts(word_errors("", "a b"), 0, 0, 2, 0);
  expect_counts(word_errors("The", "the"), 1, 0, 0, 1);
}

TEST(ErrorRate, CountsCharacters) {
  expect_counts(character_errors("kitten", "sitting"), 2, 0, 1, 6);
  expect_counts(character_errors("na\u00efve", "naive"), 1, 0, 0, 5);
  expect_counts(character_errors("\u65e5\u672c", "\u65e5"), 0, 1, 0, 2);
  expect_counts(character_errors("\U0001f600!", "!"), 0, 1, 0, 2);
  expect_counts(character_errors("a b", "ab"), 0, 1, 0, 3);
  expect_counts(character_errors("\xff\xfe", "\xff"), 0, 1, 0, 2);  // not UTF-8: byte by byte
}

TEST(ErrorRate, OfWholeTexts) {
  const std::vector<std::string> references{"one two three four", "five"};
  const std::vector<std::string> hypotheses{"one two three", "nine five"};
  EXPECT_DOUBLE_EQ(word_error_rate(references, hypotheses), 2.0 / 5);
  EXPECT_DOUBLE_EQ(
      character_error_rate(std::vector<std::string>{"abcd"}, std::vector<std::string>{"abxd"}),
      0.25);
  EXPECT_EQ(EditCounts{}.rate(), 0.0);
  EXPECT_TRUE(std::isinf(word_errors("", "a").rate()));
  EXPECT_EQ(test::error_of([&] { word_error_rate(references, {}); }),
            "2 references cannot be compared with 0 hypotheses");
}

}  // namespace
}  // namespace chronicler::data
