#include "training/dataset/sequence_rows.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

SequenceList ragged(std::int64_t count) {
  std::vector<Tensor> sequences;
  for (std::int64_t i = 0; i < count; ++i)
    sequences.push_back(test::noise({2 + i * 7 % 11, 3}, 100 + static_cast<std::uint64_t>(i)));
  return SequenceList(sequences);
}

TEST(SequenceRows, EveryEpochHasEverySequenceOnce) {
  const SequenceData data{ragged(40)};
  std::vector<Bucket> before;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<Bucket> buckets = sequence_buckets(data, {.batch_size = 8}, true, {5, epoch});
    std::vector<std::int64_t> seen;
    for (const Bucket& bucket : buckets) seen.insert(seen.end(), bucket.begin(), bucket.end());
    EXPECT_NE(buckets, before);
    before = buckets;
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, epoch_order(40, false, {}));
  }
}

// bucket_by_length() of sequences that lie in memory, and of the same as a stream.
TEST(SequenceRows, AStreamHasTheSameBatches) {
  const SequenceList x = ragged(30);
  const Dataset rows = Dataset::from_sequences(x, SequenceList(x));
  const Dataset stream = rows.map([](Batch&, const BatchPlace&) {});
  Batches quick = rows.bucket_by_length({.batch_size = 8}).batches();
  Batches slow = stream.bucket_by_length({.batch_size = 8}).batches();
  std::int64_t count = 0;
  while (const Batch* batch = quick.next()) {
    ++count;
    const Batch* other = slow.next();
    ASSERT_NE(other, nullptr);
    EXPECT_TRUE(test::same_bits(batch->x[0], other->x[0]));
    EXPECT_TRUE(test::same_bits(batch->y[0], other->y[0]));
    ASSERT_EQ(batch->masks.empty(), other->masks.empty());
    if (batch->masks.empty()) continue;
    EXPECT_TRUE(test::same_bits(batch->masks[0], other->masks[0]));
  }
  EXPECT_EQ(slow.next(), nullptr);
  EXPECT_EQ(rows.bucket_by_length({.batch_size = 8}).size(), count);
}

TEST(SequenceRows, ArePaddedWithAMask) {
  const SequenceList x({test::noise({2, 3}, 1), test::noise({4, 3}, 2), test::noise({4, 3}, 3)});
  Batches batches = Dataset::from_sequences(x).padded_batch(2).batches();
  const Batch first = *batches.next();
  EXPECT_EQ(first.x[0].shape(), Shape({2, 4, 3}));
  EXPECT_EQ(first.x[0].as<float>()[2 * 3], 0.0F);
  ASSERT_EQ(first.masks.size(), 1U);
  const auto mask = first.masks[0].span<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(mask.begin(), mask.end()), (std::vector<int>{1, 1, 0, 0, 1, 1, 1, 1}));
  const Batch second = *batches.next();
  EXPECT_TRUE(second.masks.empty());
  EXPECT_TRUE(test::same_bits(second.x[0], x[2].reshaped({1, 4, 3})));
  EXPECT_EQ(batches.next(), nullptr);
}

}  // namespace
}  // namespace chronicler
