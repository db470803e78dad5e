// backtest with a model that keeps learning.
#include "tasks/forecast/adapt.h"

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/tasks/forecaster.h"
#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t change = 500;

// A series that swings back, and from row `change` on goes on as it goes.
data::TimeSeries rows(std::int64_t end) {
  const Random random(8);
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y"};
  double y = 0.0;
  for (std::int64_t row = 0; row < end; ++row) {
    y = (row < change ? -0.8 : 0.8) * y + random.normal(0, static_cast<std::uint64_t>(row));
    series.values.push_back(y);
  }
  series.observed.assign(series.values.size(), 1);
  return series;
}

Forecaster learnt(std::int64_t horizon) {
  return Forecaster::train(rows(change), {.horizon = horizon,
                                          .future = 0,
                                          .lookback = 4,
                                          .epochs = 5,
                                          .units = 4,
                                          .networks = 1})
      .forecaster;
}

TEST(ForecastAdapt, RecoversFromAChangeOfRegimeWithinTwoThousandRows) {
  for (const std::int64_t horizon : {1, 3}) {
    const Forecaster forecaster = learnt(horizon);
    const data::TimeSeries series = rows(4500);
    const ForecastReport all = forecaster.backtest(series, {.rows = 4000, .adapt = true});
    ASSERT_TRUE(all.adapted);
    EXPECT_LT(all.adapted->rmse, 0.95 * all.model.rmse) << horizon;
    EXPECT_EQ(all.adapted->name, "model, adapting");
    // The model itself is as it was, and what is measured of it besides is the same.
    const ForecastReport plain = forecaster.backtest(series, {.rows = 4000});
    EXPECT_FALSE(plain.adapted);
    EXPECT_EQ(plain.model.rmse, all.model.rmse);
    EXPECT_EQ(plain.predicted, all.predicted);
  }
}

// What comes after a forecast changes nothing of it: a truth is learnt from once it has come.
TEST(ForecastAdapt, KnowsNothingOfWhatComes) {
  const Forecaster forecaster = learnt(2);
  const auto error = [&](const data::TimeSeries& series) {
    return forecaster.backtest(series, {.rows = 100, .adapt = true, .steps = 100}).adapted->rmse;
  };
  const auto plain = [&](const data::TimeSeries& series) {
    return forecaster.backtest(series, {.rows = 100}).model.rmse;
  };
  EXPECT_EQ(error(rows(700)), plain(rows(700)));
}

TEST(ForecastAdapt, SaysWhatIsOutOfRange) {
  const Forecaster forecaster = learnt(1);
  EXPECT_NE(test::error_of([&] {
              forecaster.backtest(rows(700), {.adapt = true, .learning_rate = 0.0});
            }).find("learning_rate of a backtest"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler::tasks
