#include "tasks/shared/length_batches.h"

#include <set>

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> list;
  for (std::size_t i = 0; i < 43; ++i) list.push_back(i * 17 % 43);
  return list;
}

TEST(LengthBatches, EverySampleOnceInEachEpoch) {
  LengthBatches batches(lengths(), 8, 2, Random(1));
  ASSERT_EQ(batches.count(), 6U);
  std::set<std::vector<std::size_t>> orders;
  for (const std::int64_t epoch : {0, 1, 2}) {
    batches.begin_epoch(epoch);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < batches.count(); ++i) {
      EXPECT_TRUE(batches[i].size() == 8 || batches[i].size() == 3);
      order.insert(order.end(), batches[i].begin(), batches[i].end());
    }
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 43U);
    EXPECT_EQ(order.size(), 43U);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 3U);
}

// With one stretch over all samples, no batch's lengths lie among another's.
TEST(LengthBatches, AreOfLikeLengths) {
  const std::vector<std::size_t> of = lengths();
  const LengthBatches batches(of, 8, 100, Random(1));
  for (std::size_t i = 0; i < batches.count(); ++i) {
    const std::size_t shortest = of[batches[i].front()];
    const std::size_t longest = of[batches[i].back()];
    EXPECT_EQ(longest - shortest + 1, batches[i].size());
  }
}

TEST(LengthBatches, AnEpochCanBeBegunAgain) {
  LengthBatches batches(lengths(), 8, 2, Random(1));
  const auto first = [&] { return std::vector(batches[0].begin(), batches[0].end()); };
  batches.begin_epoch(5);
  const std::vector<std::size_t> once = first();
  batches.begin_epoch(6);
  batches.begin_epoch(5);
  EXPECT_EQ(first(), once);
}

}  // namespace
}  // namespace chronicler::tasks
