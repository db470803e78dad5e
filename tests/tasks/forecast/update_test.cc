// Forecaster::update: newer rows, with the weights as they are or trained on.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "support/conformance.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t day = 86400;
constexpr std::int64_t horizon = 3;

// Days [begin, end) of a series that follows x of the same day, where that is a column, and the day
// before: as it was until day 400, and the other way round from then on.
data::TimeSeries days(std::int64_t begin, std::int64_t end, bool with_x = false) {
  const Random random(8);
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y"};
  if (with_x) series.columns.emplace_back("x");
  series.calendar.step = {day, 0};
  double y = 0.0;
  for (std::int64_t row = 0; row < end; ++row) {
    const auto at = static_cast<std::uint64_t>(row);
    const double x = with_x ? random.normal(1, at) : 0.0;
    y = (row < 400 ? 0.8 : -0.8) * y + random.normal(0, at);
    if (row < begin) continue;
    series.values.push_back(y + 10.0 * x);
    if (with_x) series.values.push_back(x);
    series.times.push_back(row * day);
  }
  series.observed.assign(series.values.size(), 1);
  return series;
}

Forecaster learnt(const data::TimeSeries& series, std::int64_t future = 0) {
  return Forecaster::train(series, {.horizon = horizon,
                                    .future = future,
                                    .lookback = 4,
                                    .epochs = 2,
                                    .units = 4,
                                    .networks = 2})
      .forecaster;
}

void expect_same(const Forecast& one, const Forecast& other) {
  EXPECT_EQ(one.times, other.times);
  ASSERT_EQ(one.mean.size(), other.mean.size());
  ASSERT_EQ(one.values.size(), other.values.size());
  for (std::size_t i = 0; i < one.mean.size(); ++i) EXPECT_NEAR(one.mean[i], other.mean[i], 1e-5);
  for (std::size_t i = 0; i < one.values.size(); ++i)
    EXPECT_NEAR(one.values[i], other.values[i], 1e-5);
}

std::vector<float> weights(const Forecaster& forecaster) {
  std::vector<float> all;
  for (const Tensor& tensor : forecaster.network().get_weights()) {
    const auto numbers = tensor.span<float>();
    all.insert(all.end(), numbers.begin(), numbers.end());
  }
  return all;
}

TEST(ForecasterUpdate, GoesOnBehindTheNewRows) {
  const test::TemporaryFolder folder;
  const Forecaster forecaster = learnt(days(0, 300));
  EXPECT_EQ(forecaster.history().rows(), 300);
  expect_same(forecaster.run(), forecaster.run(days(0, 300)));

  const Forecaster::Updated updated = forecaster.update(days(300, 340));
  EXPECT_EQ(updated.new_rows, 40);
  EXPECT_EQ(updated.epochs, 0.0);
  expect_same(updated.forecaster.run(), forecaster.run(days(0, 340)));
  EXPECT_EQ(updated.forecaster.run().times.front(), 340 * day);
  EXPECT_EQ(weights(updated.forecaster), weights(forecaster));
  // What was updated is as it was.
  expect_same(forecaster.run(), forecaster.run(days(0, 300)));

  const Forecaster twice =
      forecaster.update(days(290, 310)).forecaster.update(days(310, 340)).forecaster;
  EXPECT_EQ(twice.run().mean, updated.forecaster.run().mean);
  EXPECT_EQ(forecaster.update(days(0, 340)).new_rows, 40);  // all rows again
  const std::string path = folder.path("updated.keras");
  updated.forecaster.save(path);
  const Forecaster loaded = Forecaster::load(path);
  EXPECT_EQ(loaded.run().mean, updated.forecaster.run().mean);
  EXPECT_EQ(loaded.history().values, updated.forecaster.history().values);
}

TEST(ForecasterUpdate, KeepsAsManyRowsAsAForecastReads) {
  const data::TimeSeries series = days(0, 2600);
  const Forecaster forecaster = learnt(series);
  EXPECT_EQ(forecaster.history().rows(), 2000);
  expect_same(forecaster.run(), forecaster.run(series));
}

TEST(ForecasterUpdate, CountsRowsWithoutTimes) {
  const auto numbered = [](std::int64_t begin, std::int64_t end) {
    data::TimeSeries series = days(begin, end);
    series.times.clear();
    series.calendar = {};
    return series;
  };
  const Forecaster forecaster = learnt(numbered(0, 2100));
  EXPECT_EQ(forecaster.rows_before_history(), 100);
  const Forecaster::Updated updated = forecaster.update(numbered(2100, 2150));
  EXPECT_EQ(updated.new_rows, 50);
  EXPECT_EQ(updated.forecaster.rows_before_history(), 150);
  expect_same(updated.forecaster.run(), forecaster.run(numbered(0, 2150)));
}

TEST(ForecasterUpdate, TrainsOnWithAllRows) {
  const test::TemporaryFolder folder;
  const Forecaster forecaster = learnt(days(0, 400));
  const std::vector<float> before = weights(forecaster);
  const data::TimeSeries later = days(400, 900);
  const UpdateOptions options{.train = true, .epochs = 30, .learning_rate = 0.01};
  const Forecaster::Updated updated = forecaster.update(later, options);
  EXPECT_EQ(updated.new_rows, 500);
  EXPECT_EQ(updated.validation_rows, (500 + 80) / 4);  // those of the test were new to it, too
  EXPECT_GT(updated.epochs, 1.0);
  EXPECT_LT(updated.error, 0.8 * updated.error_before);
  EXPECT_EQ(weights(forecaster), before);
  EXPECT_NE(weights(updated.forecaster), before);
  // Of rows that neither has seen, too.
  const data::TimeSeries next = days(0, 1200);
  const BacktestOptions last{.rows = 300};
  const ForecastReport report = updated.forecaster.backtest(next, last);
  EXPECT_LT(report.model.rmse, 0.8 * forecaster.backtest(next, last).model.rmse);
  EXPECT_NEAR(report.coverage, 0.8, 0.12);
  EXPECT_TRUE(report.notes.empty());
  EXPECT_EQ(updated.forecaster.backtest(next, {.rows = 400}).notes.size(), 1U);  // learnt from
  // The same seed, the same bits; and they are what the file holds.
  EXPECT_EQ(weights(forecaster.update(later, options).forecaster), weights(updated.forecaster));
  const std::string path = folder.path("updated.chronicler");
  updated.forecaster.save(path);
  EXPECT_EQ(Forecaster::load(path).run().values, updated.forecaster.run().values);
}

TEST(ForecasterUpdate, KeepsTheWeightsThatNoEpochBetters) {
  const Forecaster forecaster = learnt(days(0, 300));
  const Forecaster::Updated updated =
      forecaster.update(days(300, 390), {.train = true, .epochs = 2, .learning_rate = 1e4});
  EXPECT_EQ(updated.best_epoch, 0.0);
  EXPECT_EQ(updated.error, updated.error_before);
  EXPECT_EQ(weights(updated.forecaster), weights(forecaster));
}

TEST(ForecasterUpdate, PausesWhenItIsTold) {
  const Forecaster forecaster = learnt(days(0, 300));
  UpdateOptions options{.train = true};
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress&) { return false; };
  EXPECT_TRUE(forecaster.update(days(300, 390), options).stopped);
}

TEST(ForecasterUpdate, TakesRowsThatAreKnownAhead) {
  data::TimeSeries rows = days(300, 340 + horizon, true);
  for (std::size_t row = 40; row < 40 + horizon; ++row) {
    rows.values[2 * row] = rows.values[2 * 39];
    rows.observed[2 * row] = 0;
  }
  const Forecaster forecaster = learnt(days(0, 300, true), 1);
  EXPECT_NE(test::error_of([&] { forecaster.run(); }).find("has 0 rows after"), std::string::npos);
  const Forecaster::Updated updated = forecaster.update(rows, {.train = true, .epochs = 2});
  EXPECT_EQ(updated.new_rows, 40);
  const Forecast next = updated.forecaster.run();
  EXPECT_EQ(next.first_row, 340);
  EXPECT_EQ(next.times.front(), 340 * day);
  for (std::size_t step = 0; step < horizon; ++step)
    EXPECT_NEAR(next.mean[step], 10.0 * rows.at(40 + static_cast<std::int64_t>(step), 1), 5.0);
  // Later rows take their place, and a tensor does.
  const data::TimeSeries later = days(340, 350, true);
  const Forecaster again = updated.forecaster.update(later).forecaster;
  EXPECT_EQ(again.history().rows(), 350);
  EXPECT_EQ(again.run(again.history(), Tensor({horizon, 1})).times.front(), 350 * day);
}

TEST(ForecasterUpdate, GivesOlderModelsTheirRows) {
  const std::string path =
      (test::source_dir() / "tests/tasks/files/forecast_networks_433a8ed.chronicler").string();
  const Forecaster forecaster = Forecaster::load(path);
  EXPECT_EQ(forecaster.history().rows(), 0);
  EXPECT_EQ(test::error_of([&] { forecaster.run(); }),
            "the model keeps no rows that a forecast could come after: give it the series, or "
            "update it with one");
  const data::TimeSeries rows = data::read_time_series(
      (test::source_dir() / "examples/data/sunspots.csv").string(), forecaster.reading());
  const Forecaster::Updated updated = forecaster.update(rows);
  EXPECT_EQ(updated.new_rows, rows.rows());
  expect_same(updated.forecaster.run(), forecaster.run(rows));
}

TEST(ForecasterUpdate, SaysWhatIsWrong) {
  const Forecaster forecaster = learnt(days(0, 300));
  const auto error = [&](const data::TimeSeries& rows, const UpdateOptions& options = {}) {
    return test::error_of([&] { forecaster.update(rows, options); });
  };
  EXPECT_EQ(error(days(200, 300)),
            "made up ends at 1970-10-27, and the model knows rows up to 1970-10-27: give it newer "
            "rows");
  EXPECT_EQ(error(days(300, 310, true)), "the model was learnt from columns y, got y, x");
  EXPECT_EQ(error(days(300, 310), {.epochs = 0}),
            "epochs of an update must be from 1 to 1000000, got 0");
  EXPECT_EQ(error(days(300, 310), {.train = true, .validation_rows = 68}),
            "made up: the model has not learnt from 70 of 310 rows, and 68 of them are to "
            "validate; to train on, a forecast of 3 needs as many for each: wait for more rows, or "
            "update without training");
  EXPECT_NE(error(days(300, 310), {.train = true, .validation_rows = 2}), "");
}

// ---- the state after the last row

TEST(ForecasterState, IsOneOfEachRecurrentLayerAndFollowsTheRows) {
  const data::TimeSeries rows = days(0, 300);
  const Forecaster forecaster = learnt(rows);
  const std::vector<RecurrentState> after = forecaster.state(rows);
  ASSERT_EQ(after.size(), 2U);  // of two networks
  for (const RecurrentState& each : after) {
    EXPECT_EQ(each.target, "y");
    ASSERT_EQ(each.values.size(), 4U);
    for (const float value : each.values) EXPECT_LE(std::abs(value), 1.0F);
  }
  EXPECT_NE(after[0].layer, after[1].layer);
  EXPECT_EQ(forecaster.state(rows)[0].values, after[0].values);
  EXPECT_NE(forecaster.state(days(0, 299))[0].values, after[0].values);
}

}  // namespace
}  // namespace chronicler::tasks
