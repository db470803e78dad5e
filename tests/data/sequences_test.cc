#include "chronicler/data/sequences.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::data {
namespace {

using test::error_of;
using test::numbers;
using Numbers = std::vector<double>;

const std::vector<std::vector<std::int32_t>> three{{1}, {1, 2, 3}, {1, 2, 3, 4, 5}};

// What Keras's pad_sequences gives.
TEST(PadSequences, PadsAndCutsInFront) {
  const Tensor padded = pad_sequences(three, {.maxlen = 4});
  EXPECT_EQ(padded.dtype(), DType::int32);
  EXPECT_EQ(padded.shape(), (Shape{3, 4}));
  EXPECT_EQ(numbers(padded), (Numbers{0, 0, 0, 1, 0, 1, 2, 3, 2, 3, 4, 5}));
}

TEST(PadSequences, PadsAndCutsBehind) {
  EXPECT_EQ(numbers(pad_sequences(
                three, {.maxlen = 4, .padding = "post", .truncating = "post", .value = 9})),
            (Numbers{1, 9, 9, 9, 1, 2, 3, 9, 1, 2, 3, 4}));
  EXPECT_EQ(pad_sequences(three).shape(), (Shape{3, 5}));
}

TEST(PadSequences, TakesNumbers) {
  const std::vector<std::vector<float>> sequences{{0.5F}, {}};
  const Tensor padded = pad_sequences(sequences, {.maxlen = 2, .value = -1.0});
  EXPECT_EQ(padded.dtype(), DType::float32);
  EXPECT_EQ(numbers(padded), (Numbers{-1, 0.5, -1, -1}));
}

TEST(PadSequences, RefusesWrongOptions) {
  EXPECT_EQ(error_of([] { pad_sequences(three, {.padding = "left"}); }),
            "pad_sequences: padding must be \"pre\" or \"post\", got \"left\"");
  EXPECT_EQ(error_of([] { pad_sequences(three, {.maxlen = 0}); }),
            "pad_sequences: maxlen must be at least 1, got 0");
}

TEST(ToCategorical, MakesOneHotRows) {
  const Tensor classes({3}, std::vector<std::int32_t>{0, 2, 1});
  EXPECT_EQ(numbers(to_categorical(classes)), (Numbers{1, 0, 0, 0, 0, 1, 0, 1, 0}));
  EXPECT_EQ(to_categorical(classes, 5).shape(), (Shape{3, 5}));
  EXPECT_EQ(to_categorical(classes.reshaped({3, 1}), 3).shape(), (Shape{3, 3}));
  EXPECT_EQ(to_categorical(Tensor({2, 4}, DType::int32), 3).shape(), (Shape{2, 4, 3}));
}

TEST(ToCategorical, RefusesWhatIsNoClass) {
  const Tensor classes({2}, std::vector<float>{0.0F, 1.5F});
  EXPECT_EQ(error_of([&] { to_categorical(classes); }),
            "to_categorical: 1.5 at place 1 is no class: classes are whole numbers from 0");
  EXPECT_EQ(error_of([] { to_categorical(Tensor({1}, std::vector<std::int32_t>{4}), 3); }),
            "to_categorical: 4 at place 0 is no class of 3: classes are whole numbers from 0");
}

// As in Keras a window has the target at its start: for 10 points and windows of 4, data[4:] are
// the next values, of 6 windows.
TEST(Timeseries, PairsWindowsWithTheTargetAtTheirStart) {
  const Tensor data = test::ramp({10});
  const auto batches = timeseries_dataset_from_array(data, data.rows(4, 10),
                                                     {.sequence_length = 4, .batch_size = 4});
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].x.shape(), (Shape{4, 4}));
  EXPECT_EQ(batches[1].x.shape(), (Shape{2, 4}));
  EXPECT_EQ(numbers(batches[1].x), (Numbers{4, 5, 6, 7, 5, 6, 7, 8}));
  EXPECT_EQ(numbers(batches[1].y), (Numbers{8, 9}));
  // The often copied form has three only.
  const auto fewer =
      timeseries_dataset_from_array(data.rows(0, 6), data.rows(4, 10), {.sequence_length = 4});
  EXPECT_EQ(fewer[0].x.shape(), (Shape{3, 4}));
}

TEST(Timeseries, StridesSamplesAndRanges) {
  const Tensor data = test::ramp({20, 2});
  const auto batches = timeseries_dataset_from_array(data, {},
                                                     {.sequence_length = 3,
                                                      .sequence_stride = 4,
                                                      .sampling_rate = 2,
                                                      .start_index = 2,
                                                      .end_index = 12});
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].x.shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(numbers(batches[0].x), (Numbers{4, 5, 8, 9, 12, 13, 12, 13, 16, 17, 20, 21}));
  EXPECT_FALSE(batches[0].y);
}

TEST(Timeseries, ShufflesBySeed) {
  const Tensor data = test::ramp({50});
  const TimeseriesOptions options{
      .sequence_length = 1, .batch_size = 50, .shuffle = true, .seed = 3};
  const auto once = timeseries_dataset_from_array(data, data, options);
  const auto again = timeseries_dataset_from_array(data, data, options);
  EXPECT_EQ(numbers(once[0].x), numbers(again[0].x));
  EXPECT_NE(numbers(once[0].x), numbers(data));
  EXPECT_EQ(numbers(once[0].x), numbers(once[0].y));
  Numbers sorted = numbers(once[0].x);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, numbers(data));
}

TEST(Timeseries, RefusesWhatMakesNoWindow) {
  EXPECT_EQ(
      error_of([] { timeseries_dataset_from_array(test::ramp({3}), {}, {.sequence_length = 4}); }),
      "timeseries_dataset_from_array: 3 steps are too few for one window of 4 steps at a "
      "sampling_rate of 1: give a longer series, or a smaller sequence_length");
  EXPECT_EQ(error_of([] { timeseries_dataset_from_array(test::ramp({3}), {}, {}); }),
            "timeseries_dataset_from_array: sequence_length must be at least 1, got 0");
}

}  // namespace
}  // namespace chronicler::data
