#include "chronicler/tasks/baselines.h"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/csv.h"
#include "chronicler/data/windows.h"
#include "support/source_dir.h"

namespace chronicler::tasks {
namespace {

std::vector<double> values(const Tensor& tensor) {
  const auto span = tensor.span<double>();
  return {span.begin(), span.end()};
}

Tensor series_of(std::int64_t steps, const auto& formula) {
  Tensor series({steps}, DType::float64);
  for (std::int64_t t = 0; t < steps; ++t) series.as<double>()[t] = formula(t);
  return series;
}

Tensor sine(std::int64_t steps, double period) {
  return series_of(steps, [&](std::int64_t t) {
    return std::sin(2.0 * std::numbers::pi * static_cast<double>(t) / period);
  });
}

TEST(RepeatLast, RepeatsTheTargetColumn) {
  const Tensor windows({2, 2, 2}, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(values(repeat_last(windows, 2)), (std::vector<double>{3, 3, 7, 7}));
  EXPECT_EQ(values(repeat_last(windows, 1, 1)), (std::vector<double>{4, 8}));
  EXPECT_EQ(values(repeat_last(Tensor({1, 2}, std::vector<float>{1, 2}), 1)),
            (std::vector<double>{2}));
  EXPECT_THROW(repeat_last(windows, 0), Error);
  EXPECT_THROW(repeat_last(windows, 1, 2), Error);
  EXPECT_THROW(repeat_last(Tensor({3}), 1), Error);
}

TEST(SeasonalNaive, TakesTheValueOnePeriodEarlier) {
  const Tensor windows({1, 4}, std::vector<float>{9, 1, 2, 3});
  EXPECT_EQ(values(seasonal_naive(windows, 5, 3)), (std::vector<double>{1, 2, 3, 1, 2}));
  EXPECT_EQ(values(seasonal_naive(windows, 2, 4)), (std::vector<double>{9, 1}));
  EXPECT_EQ(values(seasonal_naive(windows, 2, 1)), values(repeat_last(windows, 2)));
  EXPECT_THROW(seasonal_naive(windows, 1, 5), Error);
  EXPECT_THROW(seasonal_naive(windows, 1, 0), Error);
}

TEST(FindPeriod, FindsSeasonsAndNothingElse) {
  EXPECT_EQ(find_period(sine(240, 12.0)), 12);
  EXPECT_EQ(find_period(sine(1000, 37.0)), 37);
  // A trend does not hide it.
  EXPECT_EQ(find_period(series_of(240,
                                  [](std::int64_t t) {
                                    return static_cast<double>(t) +
                                           3.0 * std::cos(static_cast<double>(t) *
                                                          std::numbers::pi / 6.0);
                                  })),
            12);
  EXPECT_EQ(find_period(series_of(200, [](std::int64_t) { return 4.0; })), 0);
  EXPECT_EQ(find_period(series_of(200, [](std::int64_t t) { return static_cast<double>(t); })), 0);
  EXPECT_EQ(find_period(series_of(3, [](std::int64_t t) { return static_cast<double>(t); })), 0);
  EXPECT_THROW(find_period(Tensor({2, 2})), Error);
  EXPECT_THROW(find_period(series_of(9, [](std::int64_t) { return std::nan(""); })), Error);
}

TEST(FindPeriod, FindsTheSolarCycle) {
  const auto table = data::read_csv(test::source_dir() / "examples/data/sunspots.csv");
  const Tensor series = table.numbers("Sunspots", DType::float64);
  const std::int64_t period = find_period(data::split_series(series).train);
  EXPECT_GE(period, 120);  // about eleven years
  EXPECT_LE(period, 140);
}

TEST(LinearAutoregression, LearnsALinearRecurrenceExactly) {
  // A sine obeys x[t] = 2 cos(w) x[t-1] - x[t-2].
  const Tensor series = sine(200, 17.3);
  const auto windows = data::make_windows(series, {.lookback = 2, .horizon = 5});
  const LinearAutoregression model(windows.inputs, windows.targets, {.penalty = 0.0});
  EXPECT_LT(rmse(model.predict(windows.inputs), windows.targets), 1e-9);
}

TEST(LinearAutoregression, MinimisesWhatItSays) {
  // One value, one target: w = c / (1 + penalty) in standardised values, c the correlation.
  const Tensor x({4, 1}, std::vector<double>{-3, -1, 1, 3});
  const Tensor y({4, 1}, std::vector<double>{1, 3, 3, 9});
  const double slope = 24.0 / 20.0;  // least squares
  for (const double penalty : {0.0, 0.5}) {
    const LinearAutoregression model(x, y, {.penalty = penalty});
    const auto forecast = values(model.predict(Tensor({2, 1}, std::vector<double>{0, 1})));
    EXPECT_NEAR(forecast[0], 4.0, 1e-12);
    EXPECT_NEAR(forecast[1] - forecast[0], slope / (1.0 + penalty), 1e-12);
  }
}

TEST(LinearAutoregression, UsesEveryColumn) {
  const Random random(7);
  Tensor series({300, 2}, DType::float64);
  double* at = series.as<double>();
  for (std::int64_t t = 0; t < 300; ++t) {
    at[2 * t + 1] = random.normal(0, static_cast<std::uint64_t>(t));
    at[2 * t] = t == 0 ? 0.0 : 0.5 * at[2 * t - 2] - 2.0 * at[2 * t - 1];
  }
  const auto windows = data::make_windows(series, {.lookback = 3, .horizon = 1});
  const LinearAutoregression model(windows.inputs, windows.targets, {.penalty = 1e-12});
  EXPECT_LT(rmse(model.predict(windows.inputs), windows.targets), 1e-6);
}

TEST(LinearAutoregression, RefusesWhatItCannotLearn) {
  const Tensor x({3, 2},
                 std::vector<double>{1, 2, 2, 4, 3, 6});  // the columns depend on each other
  const Tensor y({3, 1}, std::vector<double>{1, 2, 3});
  EXPECT_THROW(LinearAutoregression(x, y, {.penalty = 0.0}), Error);
  EXPECT_NO_THROW(LinearAutoregression(x, y, {.penalty = 1e-3}));
  EXPECT_THROW(LinearAutoregression(x, y, {.penalty = -1.0}), Error);
  EXPECT_THROW(LinearAutoregression(x, Tensor({2, 1}, std::vector<double>{1, 2})), Error);
  EXPECT_THROW(LinearAutoregression(x, Tensor()), Error);
  const Tensor broken({3, 2}, std::vector<double>{1, 2, 2, std::nan(""), 3, 6});
  EXPECT_THROW(LinearAutoregression(broken, y), Error);
  EXPECT_THROW(LinearAutoregression(x, y).predict(Tensor({1, 3})), Error);
}

TEST(Errors, AreWhatTheirNamesSay) {
  const Tensor truth({1, 4}, std::vector<double>{0, 0, 0, 0});
  const Tensor forecast({1, 4}, std::vector<double>{1, -1, 1, -5});
  EXPECT_DOUBLE_EQ(rmse(forecast, truth), std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(mae(forecast, truth), 2.0);
  EXPECT_DOUBLE_EQ(rmse(forecast.to(DType::float32), truth), std::sqrt(7.0));
  EXPECT_THROW(rmse(forecast, Tensor({4}, std::vector<double>{0, 0, 0, 0})), Error);
  EXPECT_THROW(mae(Tensor(), Tensor()), Error);
}

// The last fifth of the sunspots, one month ahead: the figures of the project's reference tables.
TEST(Baselines, ReproduceTheReferenceFigures) {
  const auto table = data::read_csv(test::source_dir() / "examples/data/sunspots.csv");
  const Tensor series = table.numbers("Sunspots", DType::float64);
  const std::int64_t border = 2820 - 564;
  const auto train = data::make_windows(series.rows(0, border), {.lookback = 36});
  const auto test = data::make_windows(series.rows(border - 36, 2820), {.lookback = 36});
  EXPECT_NEAR(rmse(repeat_last(test.inputs, 1), test.targets), 20.1, 0.05);
  const LinearAutoregression model(train.inputs, train.targets);
  EXPECT_NEAR(rmse(model.predict(test.inputs), test.targets), 18.2, 0.05);
}

}  // namespace
}  // namespace chronicler::tasks
