// Columns that are known ahead: forecasts read them over the horizon.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/base/tensor.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t horizon = 4;

// Days: y follows x of the same day, and what is left of it the day before. `ahead` rows more hold
// x alone.
data::TimeSeries driven(std::int64_t rows, std::int64_t ahead = 0) {
  const Random random(5);
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y", "x"};
  series.calendar.step = {86400, 0};
  double rest = 0.0;
  for (std::int64_t row = 0; row < rows + ahead; ++row) {
    const auto at = static_cast<std::uint64_t>(row);
    const double x = random.normal(0, at);
    rest = 0.5 * rest + 0.1 * random.normal(1, at);
    const bool is_known = row < rows;
    series.values.push_back(is_known ? -20.0 + 5.0 * x + rest
                                     : series.values[series.values.size() - 2]);
    series.values.push_back(x);
    series.observed.push_back(is_known ? 1 : 0);
    series.observed.push_back(1);
    series.times.push_back(row * 86400);
  }
  return series;
}

ForecastOptions quick(std::int64_t covariates, std::int64_t future) {
  ForecastOptions options;
  options.horizon = horizon;
  options.covariates = covariates;
  options.future = future;
  options.epochs = 2;
  options.units = 4;
  options.networks = 2;
  options.lookback = 5;
  return options;
}

// x of the rows ahead.
Tensor ahead_of(const data::TimeSeries& series) {
  std::vector<double> values;
  for (std::int64_t row = series.rows() - horizon; row < series.rows(); ++row)
    values.push_back(series.at(row, 1));
  return {{horizon, 1}, values};
}

TEST(ForecasterFuture, ExplainsWhatNoPastDoes) {
  const data::TimeSeries series = driven(300);
  const ForecastReport past = Forecaster::train(series, quick(1, 0)).report;
  const ForecastReport known = Forecaster::train(series, quick(0, 1)).report;
  EXPECT_GT(past.model.rmse, 4.5);
  EXPECT_LT(known.model.rmse, 0.2);  // what is left has a deviation of 0.115
  // The baselines see the target alone, as ever.
  EXPECT_EQ(known.linear_ar.rmse, past.linear_ar.rmse);
  EXPECT_EQ(known.repeat_last.rmse, past.repeat_last.rmse);
  EXPECT_GT(known.coverage, 0.6);
}

TEST(ForecasterFuture, HelpsEachOfSeveralTargets) {
  const data::TimeSeries one = driven(300);
  data::TimeSeries two = one;
  two.columns = {"y", "against", "x"};
  two.values.clear();
  for (std::int64_t row = 0; row < one.rows(); ++row) {
    two.values.insert(two.values.end(),
                      {one.at(row, 0), 3.0 - 2.0 * one.at(row, 1), one.at(row, 1)});
  }
  two.observed.assign(two.values.size(), 1);
  const Forecaster::Trained trained = Forecaster::train(two, quick(0, 1));
  EXPECT_LT(trained.report.model.mse_scaled, 0.01);
  EXPECT_EQ(trained.forecaster.targets().size(), 2U);
  EXPECT_EQ(trained.forecaster.future(), std::vector<std::string>{"x"});
  EXPECT_TRUE(trained.forecaster.covariates().empty());
}

TEST(ForecasterFuture, ReadsTheRowsBehindTheTargetsEnd) {
  const test::TemporaryFolder folder;
  const data::TimeSeries past = driven(300);
  const data::TimeSeries series = driven(300, horizon + 3);
  const Forecaster::Trained trained = Forecaster::train(series, quick(0, 1));
  // They are no rows to learn from or to test.
  EXPECT_EQ(trained.report.predicted, Forecaster::train(past, quick(0, 1)).report.predicted);
  const std::string path = folder.path("driven.keras");
  trained.forecaster.save(path);
  const Forecaster loaded = Forecaster::load(path);
  EXPECT_EQ(loaded.columns(), (std::vector<std::string>{"y", "x"}));

  const Forecast next = loaded.run(series);
  EXPECT_EQ(next.first_row, 300);
  ASSERT_EQ(next.mean.size(), 4U);
  for (std::int64_t h = 0; h < horizon; ++h) {
    const auto step = static_cast<std::size_t>(h);
    EXPECT_EQ(next.times[step], (300 + h) * 86400);
    EXPECT_NEAR(next.mean[step], -20.0 + 5.0 * series.at(300 + h, 1), 0.4);
    EXPECT_LT(next.values[2 * step], next.values[2 * step + 1]);
  }
  // The same as a tensor, whether the series has such rows or not.
  const data::TimeSeries four = driven(300, horizon);
  for (const data::TimeSeries& given : {past, series}) {
    const Forecast same = loaded.run(given, ahead_of(four));
    EXPECT_EQ(same.mean, next.mean);
    EXPECT_EQ(same.values, next.values);
    EXPECT_EQ(same.times, next.times);
    EXPECT_EQ(same.first_row, 300);
  }
  EXPECT_EQ(loaded.run(past, ahead_of(four).to(DType::float32)).horizon(), horizon);
  // What a test of the rows says is the same with rows ahead behind them.
  EXPECT_EQ(loaded.backtest(series, {.rows = 50}).predicted,
            loaded.backtest(past, {.rows = 50}).predicted);
}

TEST(ForecasterFuture, CrossValidatesWithoutTheRowsAhead) {
  const std::vector<ForecastReport> folds =
      Forecaster::cross_validate(driven(240, horizon), quick(0, 1), 2);
  ASSERT_EQ(folds.size(), 2U);
  EXPECT_EQ(folds[1].predicted,
            Forecaster::cross_validate(driven(240), quick(0, 1), 2)[1].predicted);
  for (const ForecastReport& fold : folds) EXPECT_LT(fold.model.rmse, 0.2);
}

TEST(ForecasterFuture, LearnsNothingFromTheTargetsTestRows) {
  data::TimeSeries changed = driven(200);
  for (std::size_t row = 170; row < 200; ++row) changed.values[2 * row] += 3.0;
  ForecastOptions options = quick(0, 1);
  options.test_rows = 30;
  const auto weights = [&](const data::TimeSeries& series) {
    std::vector<float> all;
    for (const Tensor& tensor :
         Forecaster::train(series, options).forecaster.network().get_weights()) {
      const auto numbers = tensor.span<float>();
      all.insert(all.end(), numbers.begin(), numbers.end());
    }
    return all;
  };
  EXPECT_EQ(weights(driven(200)), weights(changed));
}

TEST(ForecasterFuture, SaysWhatIsMissingAhead) {
  const Forecaster forecaster = Forecaster::train(driven(200), quick(0, 1)).forecaster;
  const auto error = [&](const data::TimeSeries& series) {
    return test::error_of([&] { forecaster.run(series); });
  };
  const std::string hint =
      ": give each row to forecast with these columns filled in, the targets empty";
  EXPECT_EQ(
      error(driven(200)),
      "made up has 0 rows after 1970-07-19, the last with a number in \"y\"; a forecast needs "
      "\"x\" for 4 rows ahead" +
          hint);
  EXPECT_EQ(
      error(driven(200, 3)),
      "made up has 3 rows after 1970-07-19, the last with a number in \"y\"; a forecast needs "
      "\"x\" for 4 rows ahead" +
          hint);
  data::TimeSeries series = driven(200, horizon);
  series.observed[2 * 202 + 1] = 0;
  EXPECT_EQ(error(series),
            "made up: column \"x\" has no number at 1970-07-22, which is to be forecast" + hint);
  series = driven(200, horizon);
  series.values[2 * 203 + 1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(error(series),
            "made up: column \"x\" has no number at 1970-07-23, which is to be forecast" + hint);
  series = driven(200, horizon);
  series.put_in.assign(204, 0);
  series.put_in[201] = 1;
  EXPECT_EQ(error(series),
            "made up: there is no row of 1970-07-21, which is to be forecast with \"x\"" + hint);
  series = driven(200, horizon);
  for (std::size_t row = 0; row < 204; ++row) series.observed[2 * row] = 0;
  EXPECT_EQ(error(series), "made up: column \"y\" holds no number");

  const auto of_tensor = [&](const Shape& shape) {
    return test::error_of([&] { forecaster.run(driven(200), Tensor(shape)); });
  };
  EXPECT_EQ(
      of_tensor({3, 1}),
      "the values ahead must be of shape (4 or more, 1), got (3, 1): a row for each step, with "
      "\"x\"");
  EXPECT_EQ(of_tensor({4, 2}).substr(0, 69),
            "the values ahead must be of shape (4 or more, 1), got (4, 2): a row f");
  EXPECT_EQ(of_tensor({4}).substr(0, 61),
            "the values ahead must be of shape (4 or more, 1), got (4,): a");
  const Forecaster other = Forecaster::train(driven(200), quick(1, 0)).forecaster;
  EXPECT_EQ(test::error_of([&] {
              other.run(driven(200), Tensor({4, 1}));
            }),
            "the values ahead must be of shape (4 or more, 0), got (4, 1): the model was learnt "
            "without columns that are known ahead");
  data::TimeSeries holed = driven(200);
  holed.values[2 * 20 + 1] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(test::error_of([&] { Forecaster::train(holed, quick(0, 1)); }),
            "made up: column \"x\" is inf at 1970-01-21: a column that is known ahead has a number "
            "in each row");
}

}  // namespace
}  // namespace chronicler::tasks
