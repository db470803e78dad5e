#include "tasks/translate/batches.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

std::vector<IdPair> pairs_of_lengths(int count) {
  std::vector<IdPair> pairs;
  const Random random(3);
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    pairs.push_back({std::vector<PieceId>(2 + random.below(12, 0, at), 5),
                     std::vector<PieceId>(1 + random.below(12, 1, at), 6)});
  }
  return pairs;
}

TEST(TranslationBatches, HoldEveryPairOnceAndLittlePadding) {
  const std::vector<IdPair> pairs = pairs_of_lengths(2000);
  constexpr std::int64_t most = 400;
  std::vector<std::size_t> seen;
  double real = 0.0;
  double padded = 0.0;
  for (const PairBatch& batch : batches_of(pairs, most, Random(1), 0)) {
    seen.insert(seen.end(), batch.begin(), batch.end());
    const PairTensors tensors(pairs, batch);
    EXPECT_LE(tensors.source.size() + tensors.target.size(), most);
    EXPECT_EQ(tensors.source.size() + tensors.target.size(),
              static_cast<std::int64_t>(padded_pieces(pairs, batch)));
    padded += static_cast<double>(tensors.source.size() + tensors.target.size());
    for (const std::size_t place : batch)
      real += static_cast<double>(pairs[place].source.size() + pairs[place].target.size() + 1);
  }
  std::sort(seen.begin(), seen.end());
  std::vector<std::size_t> all(pairs.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_EQ(seen, all);
  EXPECT_LT(padded, 1.08 * real);
}

TEST(TranslationBatches, HaveAnotherOrderInEachEpoch) {
  const std::vector<IdPair> pairs = pairs_of_lengths(300);
  EXPECT_EQ(batches_of(pairs, 100, Random(1), 4), batches_of(pairs, 100, Random(1), 4));
  EXPECT_NE(batches_of(pairs, 100, Random(1), 4), batches_of(pairs, 100, Random(1), 5));
  // Of the same number, whatever the order: an epoch's length is known beforehand.
  const std::size_t count = batches_of(pairs, 100, Random(1), 0).size();
  for (std::uint64_t epoch = 1; epoch < 20; ++epoch)
    EXPECT_EQ(batches_of(pairs, 100, Random(1), epoch).size(), count);
}

TEST(TranslationBatches, ExpectTheTargetAndThenTheEnd) {
  const std::vector<IdPair> pairs{{{7, 2}, {8, 9}}, {{4, 5, 2}, {6}}};
  const PairTensors tensors(pairs, {0, 1});
  EXPECT_EQ(tensors.source.shape(), Shape({2, 3}));
  EXPECT_EQ(tensors.target.shape(), Shape({2, 3}));
  EXPECT_EQ(tensors.count, 5);
  const auto numbers = [](const Tensor& tensor) {
    const auto span = tensor.span<std::int32_t>();
    return std::vector<std::int32_t>(span.begin(), span.end());
  };
  EXPECT_EQ(numbers(tensors.expected), (std::vector<std::int32_t>{8, 9, 2, 6, 2, 0}));
  EXPECT_EQ(numbers(tensors.target), (std::vector<std::int32_t>{1, 8, 9, 1, 6, 0}));
}

}  // namespace
}  // namespace chronicler::tasks
