#include "chronicler/tasks/bag_of_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

using Words = std::vector<std::string>;

std::vector<Bag> bags() {
  return {bag_of(Words{"good", "film"}, 1), bag_of(Words{"good", "good"}, 1),
          bag_of(Words{"bad", "film"}, 1)};
}
const std::vector<std::int32_t> labels{1, 1, 0};

TEST(Bag, HoldsEachRunOnce) {
  EXPECT_EQ(bag_of(Words{"a", "b", "a", "b"}, 2).size(), 4U);  // a, b, ab, ba
  EXPECT_EQ(bag_of(Words{"ab", "c"}, 2) == bag_of(Words{"a", "bc"}, 2), false);
  EXPECT_TRUE(bag_of(Words{}, 2).empty());
}

TEST(Bag, HoldsTheSpellingOfWords) {
  // Two characters and their borders: three of them at the begin, three at the end, all four.
  EXPECT_EQ(spellings_of(Words{"ab"}, 3, 6).size(), 3U);
  EXPECT_EQ(spellings_of(Words{"ab", "ab"}, 3, 6), spellings_of(Words{"ab"}, 3, 6));
  EXPECT_EQ(spellings_of(Words{"\u00e9t\u00e9"}, 3, 3).size(), 3U);  // characters, not bytes
  EXPECT_TRUE(spellings_of(Words{"", "a"}, 4, 6).empty());
  const Bag first = spellings_of(Words{"superb"}, 3, 6);
  const Bag second = spellings_of(Words{"superbly"}, 3, 6);
  Bag both;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(both));
  EXPECT_EQ(both.size(), 14U);  // "superb" after a begin: 5, 4, 3 and 2 runs of 3, 4, 5 and 6
}

TEST(BagOfWords, LeavesRareGramsOut) {
  const BagOfWords words(bags(), labels, 2, {.min_count = 2});
  const Bag rare = bag_of(Words{"bad"}, 1);
  EXPECT_EQ(words.naive_bayes(rare), words.naive_bayes(Bag{}));
  EXPECT_EQ(words.logistic(rare), words.logistic(Bag{}));
  EXPECT_NE(words.naive_bayes(bag_of(Words{"good"}, 1)), words.naive_bayes(Bag{}));
  const BagOfWords none(bags(), labels, 2, {.min_count = 4});
  EXPECT_GT(none.naive_bayes(rare)[1], none.naive_bayes(rare)[0]);
}

TEST(BagOfWords, IsNaiveBayes) {
  const BagOfWords words(bags(), labels, 2);
  const std::vector<float> told = words.naive_bayes(bag_of(Words{"good", "unheard"}, 1));
  // Three grams; class 1 has 2 + 1 of them, class 0 has 2.
  const double one = (2.0 + 1.0) / (3.0 + 2.0) * (2.0 + 1.0) / (3.0 + 3.0);
  const double zero = (1.0 + 1.0) / (3.0 + 2.0) * (0.0 + 1.0) / (2.0 + 3.0);
  EXPECT_NEAR(std::exp(told[1]), one / (one + zero), 1e-6);
  EXPECT_NEAR(std::exp(told[0]), zero / (one + zero), 1e-6);
}

TEST(BagOfWords, LogisticRegressionTellsWhatItLearnt) {
  const BagOfWords words(bags(), labels, 2);
  EXPECT_GT(words.logistic(bag_of(Words{"good"}, 1))[1], std::log(0.5F));
  EXPECT_GT(words.logistic(bag_of(Words{"bad"}, 1))[0], std::log(0.5F));
  const std::vector<float> empty = words.logistic(Bag{});
  EXPECT_NEAR(std::exp(empty[0]) + std::exp(empty[1]), 1.0F, 1e-6F);
}

TEST(BagOfWords, ComesBackFromBytes) {
  const BagOfWords words(bags(), labels, 2);
  const BagOfWords again = BagOfWords::from_bytes(words.bytes());
  const Bag bag = bag_of(Words{"bad", "good"}, 1);
  EXPECT_EQ(again.naive_bayes(bag), words.naive_bayes(bag));
  EXPECT_EQ(again.logistic(bag), words.logistic(bag));
  const std::string bytes = words.bytes();
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_THROW(BagOfWords::from_bytes(bytes.substr(0, size)), Error) << size;
}

TEST(BagOfWords, RefusesTextsWithoutLabels) {
  EXPECT_THROW(BagOfWords(std::vector<Bag>{}, std::vector<std::int32_t>{}, 2), Error);
  EXPECT_THROW(BagOfWords(bags(), std::vector<std::int32_t>{1}, 2), Error);
}

}  // namespace
}  // namespace chronicler::tasks
