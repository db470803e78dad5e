#include "chronicler/decoding/sampling.h"

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {
namespace {

// ln of 0.5, 0.3, 0.15, 0.05
const std::array<float, 4> scores{std::log(0.15F), std::log(0.5F), std::log(0.05F), std::log(0.3F)};

std::map<std::int64_t, double> shares(const SamplingOptions& options, int draws = 20'000) {
  Sampler sampler(options);
  std::map<std::int64_t, double> counts;
  for (int i = 0; i < draws; ++i) counts[sampler.choose(scores)] += 1.0 / draws;
  return counts;
}

TEST(Sampler, DrawsByProbability) {
  auto drawn = shares({});
  EXPECT_NEAR(drawn[0], 0.15, 0.02);
  EXPECT_NEAR(drawn[1], 0.5, 0.02);
  EXPECT_NEAR(drawn[2], 0.05, 0.02);
  EXPECT_NEAR(drawn[3], 0.3, 0.02);
}

TEST(Sampler, TemperatureSharpens) {
  auto drawn = shares({.temperature = 0.5});
  EXPECT_NEAR(drawn[1], 0.25 / (0.25 + 0.09 + 0.0225 + 0.0025), 0.02);
  EXPECT_EQ(shares({.temperature = 0.0}).size(), 1U);
  EXPECT_NEAR(shares({.temperature = 0.0})[1], 1.0, 1e-9);
}

TEST(Sampler, KeepsTheBest) {
  auto two = shares({.top_k = 2});
  EXPECT_EQ(two.size(), 2U);
  EXPECT_NEAR(two[1], 0.5 / 0.8, 0.02);
  auto nucleus = shares({.top_p = 0.6});
  EXPECT_EQ(nucleus.size(), 2U);
  EXPECT_EQ(shares({.top_p = 0.4}).size(), 1U);
  EXPECT_EQ(shares({.top_k = 100}).size(), 4U);
}

TEST(Sampler, RepeatsItselfWithItsSeed) {
  Sampler one({.seed = 7});
  Sampler same({.seed = 7});
  Sampler other({.seed = 8});
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t choice = one.choose(scores);
    EXPECT_EQ(choice, same.choose(scores));
    different += choice == other.choose(scores) ? 0 : 1;
  }
  EXPECT_GT(different, 10);
}

TEST(Sampler, PenalizesWhatCameUp) {
  Sampler sampler({.temperature = 0.0, .repetition_penalty = 3.0});
  EXPECT_EQ(sampler.choose(scores), 1);
  EXPECT_EQ(sampler.choose(scores), 3);
}

TEST(Sampler, NeverTakesWhatIsImpossible) {
  const std::array<float, 2> one{-std::numeric_limits<float>::infinity(), -50.0F};
  Sampler sampler({.temperature = 5.0});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sampler.choose(one), 1);
}

TEST(Sampler, RefusesOptionsOutOfRange) {
  EXPECT_THROW(Sampler({.temperature = -1.0}), Error);
  EXPECT_THROW(Sampler({.top_k = -1}), Error);
  EXPECT_THROW(Sampler({.top_p = 0.0}), Error);
  EXPECT_THROW(Sampler({.repetition_penalty = 0.5}), Error);
  EXPECT_THROW(Sampler().choose({}), Error);
}

}  // namespace
}  // namespace chronicler::decoding
