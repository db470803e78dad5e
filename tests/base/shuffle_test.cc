#include "base/shuffle.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler {
namespace {

std::vector<int> shuffled(std::uint64_t seed, std::uint64_t stream, std::uint64_t from = 0) {
  std::vector<int> list(50);
  std::iota(list.begin(), list.end(), 0);
  shuffle(list, Random(seed), stream, from);
  return list;
}

TEST(Shuffle, KeepsAllInAnOrderThatCanBeMadeAgain) {
  std::vector<int> list = shuffled(1, 2);
  EXPECT_EQ(list, shuffled(1, 2));
  EXPECT_NE(list, shuffled(1, 3));
  EXPECT_NE(list, shuffled(2, 2));
  EXPECT_NE(list, shuffled(1, 2, 50));
  EXPECT_FALSE(std::is_sorted(list.begin(), list.end()));
  std::sort(list.begin(), list.end());
  for (int i = 0; i < 50; ++i) EXPECT_EQ(list[static_cast<std::size_t>(i)], i);
}

TEST(Shuffle, TakesListsOfNoneAndOne) {
  std::vector<int> none;
  std::vector<int> one{7};
  shuffle(none, Random(1), 0);
  shuffle(one, Random(1), 0);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(one, std::vector<int>{7});
}

}  // namespace
}  // namespace chronicler
