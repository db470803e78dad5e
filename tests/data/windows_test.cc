#include "chronicler/data/windows.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

Tensor counting(std::int64_t steps, std::int64_t columns = 0) {
  Tensor series = columns == 0 ? Tensor({steps}) : Tensor({steps, columns});
  for (std::int64_t i = 0; i < series.size(); ++i) series.as<float>()[i] = static_cast<float>(i);
  return series;
}

std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.span<float>();
  return {span.begin(), span.end()};
}

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "nothing was thrown";
}

TEST(SplitSeries, KeepsOrderAndSharesNothing) {
  const SeriesParts parts = split_series(counting(100), {.validation = 0.1, .test = 0.2});
  EXPECT_EQ(parts.train.shape(), Shape({70}));
  EXPECT_EQ(values(parts.validation).front(), 70.0F);
  EXPECT_EQ(values(parts.validation).back(), 79.0F);
  EXPECT_EQ(values(parts.test).front(), 80.0F);
  EXPECT_EQ(values(parts.test).back(), 99.0F);
  EXPECT_FALSE(split_series(counting(10), {.validation = 0.0, .test = 0.5}).validation);
}

TEST(SplitSeries, RefusesWrongShares) {
  EXPECT_THROW(split_series(counting(10), {.validation = -0.1}), Error);
  EXPECT_THROW(split_series(counting(10), {.validation = 0.5, .test = 0.5}), Error);
  EXPECT_THROW(split_series(counting(10), {.validation = 0.01}), Error);
  EXPECT_THROW(split_series(Tensor({0})), Error);
  EXPECT_THROW(split_series(Tensor()), Error);
}

TEST(MakeWindows, CutsAllWindowsInOrder) {
  const Windows windows = make_windows(counting(6), {.lookback = 3, .horizon = 2});
  EXPECT_EQ(windows.inputs.shape(), Shape({2, 3, 1}));
  EXPECT_EQ(windows.targets.shape(), Shape({2, 2}));
  EXPECT_EQ(values(windows.inputs), (std::vector<float>{0, 1, 2, 1, 2, 3}));
  EXPECT_EQ(values(windows.targets), (std::vector<float>{3, 4, 4, 5}));
}

TEST(MakeWindows, TakesColumnsTargetAndStride) {
  const Windows windows =
      make_windows(counting(7, 2), {.lookback = 2, .horizon = 1, .stride = 2, .target = 1});
  EXPECT_EQ(windows.inputs.shape(), Shape({3, 2, 2}));
  EXPECT_EQ(values(windows.inputs), (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(values(windows.targets), (std::vector<float>{5, 9, 13}));
}

TEST(MakeWindows, NoWindowSeesItsOwnTargets) {
  // In a series of its own indices every target must be later than every input, and inside the
  // part.
  const SeriesParts parts = split_series(counting(200));
  for (const Tensor& part : {parts.train, parts.validation, parts.test}) {
    const Windows windows = make_windows(part, {.lookback = 5, .horizon = 4});
    for (std::int64_t i = 0; i < windows.inputs.shape()[0]; ++i) {
      const float last_seen = windows.inputs.as<float>()[i * 5 + 4];
      EXPECT_EQ(windows.targets.as<float>()[i * 4], last_seen + 1.0F);
    }
    EXPECT_EQ(values(windows.inputs).front(), values(part).front());
    EXPECT_EQ(values(windows.targets).back(), values(part).back());
  }
}

TEST(MakeWindows, RefusesWhatDoesNotFit) {
  EXPECT_EQ(message_of([] { make_windows(counting(30), {.lookback = 24, .horizon = 12}); }),
            "make_windows: a lookback of 24 and a horizon of 12 need more than 30 steps");
  EXPECT_EQ(message_of([] { make_windows(counting(30), {.horizon = 12}); }),
            "make_windows: lookback must be at least 1, got 0");
  EXPECT_EQ(message_of([] { make_windows(counting(30, 2), {.lookback = 1, .target = 2}); }),
            "make_windows: target must be from 0 to 1, got 2");
  EXPECT_THROW(make_windows(counting(30), {.lookback = std::numeric_limits<std::int64_t>::max()}),
               Error);
  Tensor broken = counting(10, 2);
  broken.as<float>()[7] = std::nanf("");
  EXPECT_EQ(message_of([&] { make_windows(broken, {.lookback = 2}); }),
            "make_windows: the series is NaN at step 3, column 1");
}

TEST(LastSteps, KeepsTheNewest) {
  const Windows windows = make_windows(counting(6, 2), {.lookback = 3, .horizon = 2});
  EXPECT_EQ(values(last_steps(windows.inputs, 1)), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_THROW(last_steps(windows.inputs, 4), Error);
  EXPECT_THROW(last_steps(windows.targets, 1), Error);
}

TEST(StandardScaler, LearnsFromOneSeriesAndAppliesToAnother) {
  const Tensor train({4, 2}, std::vector<float>{1, 10, 3, 10, 1, 10, 3, 10});
  const StandardScaler scaler(train);
  EXPECT_EQ(scaler.mean(), (std::vector<double>{2, 10}));
  EXPECT_EQ(scaler.deviation(), (std::vector<double>{1, 1}));  // the second column is constant
  const Tensor later({1, 2}, std::vector<float>{5, 13});
  EXPECT_EQ(values(scaler.transform(later)), (std::vector<float>{3, 3}));
  EXPECT_EQ(values(scaler.inverse_transform(scaler.transform(later))), values(later));
  const Tensor targets({2, 1}, std::vector<float>{4, 6});
  EXPECT_EQ(values(scaler.transform_column(targets, 0)), (std::vector<float>{2, 4}));
  EXPECT_EQ(values(scaler.inverse_transform_column(targets, 1)), (std::vector<float>{14, 16}));
}

TEST(StandardScaler, RefusesWhatItDidNotLearn) {
  EXPECT_THROW(StandardScaler().transform(counting(3)), Error);
  const StandardScaler scaler(counting(5, 2));
  EXPECT_THROW(scaler.transform(counting(5, 3)), Error);
  EXPECT_THROW(scaler.transform_column(counting(5), 2), Error);
  EXPECT_THROW(StandardScaler(Tensor({3}, std::vector<std::int32_t>{1, 2, 3})), Error);
}

}  // namespace
}  // namespace chronicler::data
