#include "chronicler/base/sequence_list.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

TEST(BucketByLength, PutsNeighboursTogether) {
  const std::vector<std::int64_t> lengths{9, 2, 10, 2, 9, 2};
  EXPECT_EQ(bucket_by_length(lengths), (std::vector<Bucket>{{1, 3, 5}, {0, 4, 2}}));
  EXPECT_EQ(bucket_by_length(lengths, {.batch_size = 2}),
            (std::vector<Bucket>{{1, 3}, {5}, {0, 4}, {2}}));
  EXPECT_EQ(bucket_by_length(lengths, {.max_padding = 0.0}),
            (std::vector<Bucket>{{1, 3, 5}, {0, 4}, {2}}));
  EXPECT_EQ(bucket_by_length(lengths, {.max_padding = 0.9}),
            (std::vector<Bucket>{{1, 3, 5, 0, 4, 2}}));
}

TEST(BucketByLength, PadsNoMoreThanItMay) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t i = 0; i < 1000; ++i) lengths.push_back(1 + i * 7919 % 400);
  std::size_t rows = 0;
  for (const Bucket& bucket : bucket_by_length(lengths, {.batch_size = 16, .max_padding = 0.05})) {
    std::int64_t steps = 0;
    for (const std::int64_t index : bucket) steps += lengths[static_cast<std::size_t>(index)];
    const std::int64_t all =
        lengths[static_cast<std::size_t>(bucket.back())] * static_cast<std::int64_t>(bucket.size());
    EXPECT_LE(static_cast<double>(all - steps), 0.05 * static_cast<double>(all));
    EXPECT_LE(bucket.size(), 16U);
    rows += bucket.size();
  }
  EXPECT_EQ(rows, lengths.size());
}

TEST(BucketByLength, SaysWhatIsWrong) {
  EXPECT_EQ(error_of([] {
              bucket_by_length(std::vector<std::int64_t>{1, 0});
            }),
            "sequence 1 has 0 steps: leave empty sequences out");
  EXPECT_EQ(error_of([] { bucket_by_length({}, {.batch_size = 0}); }),
            "batch_size must be at least 1, got 0");
  EXPECT_EQ(error_of([] { bucket_by_length({}, {.max_padding = 1.0}); }),
            "max_padding must be at least 0 and below 1, got 1");
}

TEST(SequenceList, PadsToTheLongestOfABatch) {
  const SequenceList list({Tensor({1, 2}, std::vector<float>{1, 2}),
                           Tensor({3, 2}, std::vector<float>{3, 4, 5, 6, 7, 8}),
                           Tensor({2, 2}, std::vector<float>{9, 10, 11, 12})});
  EXPECT_EQ(list.lengths(), (std::vector<std::int64_t>{1, 3, 2}));
  EXPECT_EQ(test::numbers(list.padded({2, 0})), (std::vector<double>{9, 10, 11, 12, 1, 2, 0, 0}));
  EXPECT_TRUE(test::same_bits(list.mask({2, 0}), test::mask_from("11/10")));
  EXPECT_FALSE(list.mask({1}));
  EXPECT_EQ(list.part(1, 3).lengths(), (std::vector<std::int64_t>{3, 2}));
}

TEST(SequenceList, HoldsSequencesOfOneKind) {
  EXPECT_EQ(error_of([] {
              SequenceList({Tensor({2, 3}), Tensor({2, 4})});
            }),
            "sequence 1 is (2, 4) of float32, the first one (2, 3) of float32: sequences of one "
            "list differ in their number of steps only");
  EXPECT_EQ(error_of([] {
              SequenceList({Tensor({2, 3}), Tensor()});
            }),
            "sequence 1 has no steps: leave empty sequences out");
}

}  // namespace
}  // namespace chronicler
