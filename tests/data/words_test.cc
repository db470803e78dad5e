#include "chronicler/data/words.h"

#include <gtest/gtest.h>

namespace chronicler::data {
namespace {

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> all;
  for (const Word& word : words_of(text)) all.push_back(word.text);
  return all;
}

using Texts = std::vector<std::string>;

TEST(Words, ContractionsAreTheSameTogetherAndApart) {
  const Texts expected{"do", "n't", "go"};
  EXPECT_EQ(texts("Don't go"), expected);
  EXPECT_EQ(texts("don’t go"), expected);
  EXPECT_EQ(texts("do n't go"), expected);
  EXPECT_EQ(texts("it's"), (Texts{"it", "'s"}));
  EXPECT_EQ(texts("it 's"), (Texts{"it", "'s"}));
  EXPECT_EQ(texts("they'll we've I'm he'd you're"),
            (Texts{"they", "'ll", "we", "'ve", "i", "'m", "he", "'d", "you", "'re"}));
}

TEST(Words, PunctuationStandsAlone) {
  EXPECT_EQ(texts("Well-made, isn't it?!"), (Texts{"well-made", ",", "is", "n't", "it", "?", "!"}));
  EXPECT_EQ(texts("'quoted' - 3.5"), (Texts{"'quoted", "'", "-", "3", ".", "5"}));
  EXPECT_EQ(texts("good<br /><br />bad <3"), (Texts{"good", "bad", "<", "3"}));
  EXPECT_EQ(texts(" \t\n"), Texts{});
}

TEST(Words, AreInLowerCaseInEveryLanguage) {
  EXPECT_EQ(texts("ÉCOLE Straße ПРИВЕТ 東京"), (Texts{"école", "straße", "привет", "東京"}));
}

TEST(Words, KnowWhereTheyStand) {
  const std::string text = "É don't!";
  const std::vector<Word> words = words_of(text);
  ASSERT_EQ(words.size(), 4U);
  const auto at = [&](std::size_t i) {
    return text.substr(static_cast<std::size_t>(words[i].begin),
                       static_cast<std::size_t>(words[i].end - words[i].begin));
  };
  EXPECT_EQ(at(0), "É");
  EXPECT_EQ(at(1), "do");
  EXPECT_EQ(at(2), "n't");
  EXPECT_EQ(at(3), "!");
}

}  // namespace
}  // namespace chronicler::data
