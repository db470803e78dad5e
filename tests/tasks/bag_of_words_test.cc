#include "chronicler/tasks/bag_of_words.h"

#include <cmath>

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
