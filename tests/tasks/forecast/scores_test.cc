#include "tasks/forecast/scores.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

// A series of steps and four ways to predict each, all off by so much.
ChannelForecasts forecasts(std::size_t count, double model, double last, double linear) {
  const Random random(7);
  ChannelForecasts channel;
  double value = 100.0;
  for (std::size_t i = 0; i < count; ++i) {
    channel.last.push_back(value);
    value += random.normal(0, i);
    const double sign = random.uniform(1, i) < 0.5F ? -1.0 : 1.0;
    channel.truth.push_back(value);
    channel.model.push_back(value + sign * model);
    channel.repeat_last.push_back(value - sign * last);
    channel.seasonal_naive.push_back(value + 9.0 * sign);
    channel.linear_ar.push_back(value + sign * linear);
    channel.low.push_back(i % 4 == 0 ? value + 1.0 : value - 1.0);
    channel.high.push_back(value + 2.0);
  }
  channel.deviation = 2.0;
  channel.seasonal_error = 4.0;
  return channel;
}

TEST(ForecastScores, MeasuresWhatItSays) {
  ForecastReport report;
  report.quantiles = {0.1, 0.9};
  ChannelForecasts channel = forecasts(400, 1.0, 3.0, 2.0);
  channel.truth[5] = std::numeric_limits<double>::quiet_NaN();
  compare({channel}, 1, report);
  EXPECT_NEAR(report.model.rmse, 1.0, 1e-9);
  EXPECT_NEAR(report.model.mae, 1.0, 1e-9);
  EXPECT_NEAR(report.model.mse_scaled, 0.25, 1e-9);
  EXPECT_NEAR(report.model.mase, 0.25, 1e-9);
  EXPECT_NEAR(report.model.mape, 1.0, 0.2);
  EXPECT_NEAR(report.repeat_last.rmse, 3.0, 1e-9);
  EXPECT_NEAR(report.gain, 0.75, 1e-9);
  EXPECT_NEAR(report.coverage, 0.75, 0.01);
  EXPECT_EQ(report.left_out, 1);
  EXPECT_EQ(report.best_baseline().name, "linear autoregression");
}

TEST(ForecastScores, SaysWhoWins) {
  const auto verdict = [](double model, double last, double linear) {
    ForecastReport report;
    compare({forecasts(400, model, last, linear)}, 1, report);
    return report.verdict;
  };
  EXPECT_EQ(verdict(1.0, 3.0, 2.0),
            "The model beats every baseline, next is \"linear autoregression\" (1 against 2).");
  EXPECT_EQ(verdict(2.5, 3.0, 2.0),
            "The model does not beat \"linear autoregression\" (2.5 against 2).");
  EXPECT_EQ(verdict(2.5, 2.0, 3.0),
            "The model does not beat \"repeat last value\" (2.5 against 2). No edge is shown: the "
            "series behaves like a random walk.");
}

TEST(ForecastScores, ScoresEachStepOfAPath) {
  ForecastReport report;
  ChannelForecasts channel;
  channel.last = {0.0, 0.0, 0.0};
  channel.truth = {1, 1, 1, 1, 1, 1};
  channel.model = {2, 3, 2, 3, 2, 3};
  channel.repeat_last = channel.seasonal_naive = channel.linear_ar = {9, 9, 9, 9, 9, 9};
  compare({channel}, 2, report);
  EXPECT_EQ(report.model.rmse_by_step, (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(report.model.mape_by_step, (std::vector<double>{100.0, 200.0}));
}

}  // namespace
}  // namespace chronicler::tasks
