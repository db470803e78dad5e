#include "chronicler/base/random.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

using Words = std::array<std::uint32_t, 4>;

// The known answers that come with Random123, the authors' own implementation (philox4x32, 10
// rounds).
TEST(Random, GivesThePublishedAnswers) {
  EXPECT_EQ(Random(0).block(0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(Random(ones).block(ones, ones),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Random(0x299f31d0a4093822).block(0x0370734413198a2e, 0x85a308d3243f6a88),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, DrawsAreThoseOfTheBlocks) {
  const Random random(5);
  for (std::uint64_t index = 0; index < 40; ++index) {
    EXPECT_EQ(random.bits(3, index), random.block(3, index / 4)[index % 4]);
  }
}

TEST(Random, RepeatsItselfAndNobodyElse) {
  std::set<std::uint32_t> seen;
  for (const std::uint64_t seed : {1, 2}) {
    for (const std::uint64_t stream : {0, 1}) {
      for (std::uint64_t index = 0; index < 100; ++index) {
        EXPECT_EQ(Random(seed).bits(stream, index), Random(seed).bits(stream, index));
        seen.insert(Random(seed).bits(stream, index));
      }
    }
  }
  EXPECT_EQ(seen.size(), 400U);
}

TEST(Random, UniformFillsItsInterval) {
  const Random random(11);
  constexpr int draws = 100000;
  double sum = 0.0;
  double squares = 0.0;
  std::array<int, 10> bins{};
  for (std::uint64_t index = 0; index < draws; ++index) {
    const float value = random.uniform(0, index);
    ASSERT_GE(value, 0.0F);
    ASSERT_LT(value, 1.0F);
    sum += double{value};
    squares += double{value} * double{value};
    ++bins[static_cast<std::size_t>(value * 10)];
  }
  EXPECT_NEAR(sum / draws, 0.5, 0.005);
  EXPECT_NEAR(squares / draws, 1.0 / 3.0, 0.005);
  for (const int bin : bins) EXPECT_NEAR(bin, draws / 10, 500);
}

TEST(Random, NormalHasTheMomentsOfANormal) {
  const Random random(12);
  constexpr int draws = 100000;
  std::array<double, 5> moments{};
  for (std::uint64_t index = 0; index < draws; ++index) {
    const double value = random.normal(0, index);
    ASSERT_TRUE(std::isfinite(value));
    double power = 1.0;
    for (double& moment : moments) {
      moment += power / draws;
      power *= value;
    }
  }
  EXPECT_NEAR(moments[1], 0.0, 0.02);
  EXPECT_NEAR(moments[2], 1.0, 0.03);
  EXPECT_NEAR(moments[3], 0.0, 0.06);
  EXPECT_NEAR(moments[4], 3.0, 0.2);
}

TEST(Random, BelowMeetsEveryNumberAlike) {
  const Random random(13);
  constexpr int draws = 70000;
  std::array<int, 7> counts{};
  for (std::uint64_t index = 0; index < draws; ++index) ++counts.at(random.below(7, 0, index));
  for (const int count : counts) EXPECT_NEAR(count, draws / 7, 500);
  EXPECT_EQ(random.below(1, 0, 0), 0U);
  const std::uint64_t large = (std::uint64_t{1} << 63) + 1;  // the upper half must be met as well
  bool upper = false;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const std::uint64_t value = random.below(large, 0, index);
    ASSERT_LT(value, large);
    upper = upper || value > large / 2;
  }
  EXPECT_TRUE(upper);
  EXPECT_THROW(random.below(0, 0, 0), Error);
}

TEST(RandomSeed, SequenceRepeatsAfterItIsSet) {
  const auto draw = [](std::uint64_t seed) {
    set_random_seed(seed);
    return std::vector<std::uint64_t>{next_seed(), next_seed(), next_seed()};
  };
  const auto first = draw(42);
  EXPECT_EQ(draw(42), first);
  EXPECT_NE(draw(43), first);
  EXPECT_EQ(std::set<std::uint64_t>(first.begin(), first.end()).size(), 3U);
  set_random_seed(0);
}

}  // namespace
}  // namespace chronicler
