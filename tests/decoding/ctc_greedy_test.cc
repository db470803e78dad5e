#include "chronicler/decoding/ctc_greedy.h"

#include <cmath>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::decoding {
namespace {

// Scores in which these classes are the likeliest, one a step.
Tensor scores_of(const std::vector<std::int64_t>& path, std::int64_t classes) {
  Tensor scores({static_cast<std::int64_t>(path.size()), classes});
  for (std::size_t t = 0; t < path.size(); ++t)
    scores.as<float>()[static_cast<std::int64_t>(t) * classes + path[t]] = 2.0F;
  return scores;
}

TEST(CtcGreedy, MergesRepeatsAndDropsBlanks) {
  const auto labels = ctc_greedy(scores_of({0, 1, 1, 0, 1, 2, 2, 2, 0}, 3));
  ASSERT_EQ(labels.size(), 3U);
  EXPECT_EQ(labels[0].label, 1);
  EXPECT_EQ(labels[0].begin, 1);
  EXPECT_EQ(labels[0].end, 3);
  EXPECT_EQ(labels[1].label, 1);
  EXPECT_EQ(labels[1].begin, 4);
  EXPECT_EQ(labels[2].label, 2);
  EXPECT_EQ(labels[2].begin, 5);
  EXPECT_EQ(labels[2].end, 8);
  EXPECT_NEAR(labels[0].probability, std::exp(2.0) / (std::exp(2.0) + 2.0), 1e-6);
}

TEST(CtcGreedy, StepByStepIsTheSame) {
  const Tensor scores = test::scaled(test::noise({50, 5}, 3), 3.0);
  CtcGreedy live;
  std::size_t begun = 0;
  for (std::int64_t t = 0; t < 50; ++t) begun += live.push({scores.as<float>() + t * 5, 5}) ? 1 : 0;
  const auto labels = ctc_greedy(scores);
  ASSERT_EQ(live.labels().size(), labels.size());
  EXPECT_EQ(begun, labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(live.labels()[i].label, labels[i].label);
    EXPECT_EQ(live.labels()[i].end, labels[i].end);
  }
}

TEST(CtcGreedy, AForgottenLabelIsNotToldAgain) {
  CtcGreedy live;
  const std::vector<float> one{0.0F, 1.0F};
  EXPECT_TRUE(live.push(one));
  live.forget_labels();
  EXPECT_FALSE(live.push(one));
  EXPECT_TRUE(live.labels().empty());
}

}  // namespace
}  // namespace chronicler::decoding
