#include "layers/recurrent/stack.h"

#include <gtest/gtest.h>

namespace chronicler {
namespace {

bool gains(int threads, const Shape& x, std::int64_t weights, std::size_t layers,
           bool in_a_budget = false) {
  Arena arena;
  Runtime runtime(threads);
  Pass pass{arena, runtime};
  if (in_a_budget) pass.keep_bytes = 1 << 20;
  return gains_from_wavefront(pass, x, weights, layers);
}

TEST(Stack, RunsSideBySideWhereABatchHasFewerRowsThanThereAreThreads) {
  EXPECT_TRUE(gains(2, {1, 1000, 8}, 100'000, 2));
  EXPECT_TRUE(gains(2, {1, 700, 24}, 15'000, 2));  // as tests/model/stacks_test.cc has them
  EXPECT_TRUE(gains(3, {2, 1000, 8}, 100'000, 2));
  EXPECT_FALSE(gains(2, {2, 1000, 8}, 100'000, 2)) << "a row for each thread";
  EXPECT_FALSE(gains(1, {1, 1000, 8}, 100'000, 2)) << "one thread";
  EXPECT_FALSE(gains(2, {1, 1000, 8}, 100'000, 1)) << "one layer";
  EXPECT_FALSE(gains(8, {1, 1000, 8}, 100'000, 2)) << "most threads would wait";
  EXPECT_FALSE(gains(2, {1, 40, 8}, 100'000, 2)) << "hardly two blocks";
  EXPECT_FALSE(gains(2, {1, 1000, 8}, 100, 2)) << "little work";
  EXPECT_FALSE(gains(2, {1, 1000, 8}, 100'000, 2, true)) << "a budget";
}

}  // namespace
}  // namespace chronicler
