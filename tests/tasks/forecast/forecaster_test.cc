#include "chronicler/tasks/forecaster.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/model/functional.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

data::TimeSeries series_of(std::int64_t rows, const auto& formula) {
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y"};
  for (std::int64_t row = 0; row < rows; ++row) {
    series.values.push_back(formula(row));
    series.observed.push_back(1);
  }
  return series;
}

data::TimeSeries random_walk(std::int64_t rows) {
  const Random random(11);
  double value = 1000.0;
  return series_of(rows, [&](std::int64_t row) {
    return value += random.normal(0, static_cast<std::uint64_t>(row));
  });
}

// A wave whose height another, slower one decides: no linear map of few values predicts it.
data::TimeSeries waves(std::int64_t rows) {
  const Random random(3);
  return series_of(rows, [&](std::int64_t row) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(row) / 12.0;
    return 10.0 + std::sin(angle) + 0.5 * std::cos(2.0 * angle) +
           0.05 * random.normal(0, static_cast<std::uint64_t>(row));
  });
}

ForecastOptions quick() {
  ForecastOptions options;
  options.epochs = 2;
  options.units = 4;
  options.networks = 2;
  options.lookback = 14;
  return options;
}

// The sentence that a price's forecast has to begin with.
TEST(Forecaster, ShowsNoEdgeOnARandomWalk) {
  const ForecastReport report = Forecaster::train(random_walk(600), quick()).report;
  EXPECT_TRUE(report.is_random_walk);
  EXPECT_TRUE(report.verdict.starts_with("The model does not beat \"repeat last value\""))
      << report.verdict;
  EXPECT_NE(report.verdict.find("No edge is shown"), std::string::npos) << report.verdict;
}

TEST(Forecaster, BeatsRepeatingOnASeason) {
  ForecastOptions options = quick();
  options.horizon = 6;
  const ForecastReport report = Forecaster::train(waves(400), options).report;
  EXPECT_EQ(report.period, 12);
  EXPECT_LT(report.model.rmse, 0.2 * report.repeat_last.rmse);
  EXPECT_LT(report.linear_ar.rmse, 0.2 * report.repeat_last.rmse);
  EXPECT_EQ(report.model.rmse_by_step.size(), 6U);
  EXPECT_GT(report.coverage, 0.6);
}

TEST(Forecaster, GivesTheSameBitsForTheSameSeed) {
  const auto train = [](std::uint64_t seed) {
    ForecastOptions options = quick();
    options.seed = seed;
    return Forecaster::train(waves(200), options).report.predicted;
  };
  const std::vector<double> predicted = train(1);
  EXPECT_EQ(predicted, train(1));
  EXPECT_NE(predicted, train(2));
}

TEST(Forecaster, LearnsNothingFromTheTestRows) {
  data::TimeSeries changed = waves(200);
  for (std::size_t row = 170; row < 200; ++row) changed.values[row] += 3.0;
  ForecastOptions options = quick();
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
  EXPECT_EQ(weights(waves(200)), weights(changed));
}

TEST(Forecaster, CrossValidatesOnRowsThatComeLater) {
  const data::TimeSeries series = waves(240);
  const ForecastOptions options = quick();
  const std::vector<ForecastReport> folds = Forecaster::cross_validate(series, options, 3);
  ASSERT_EQ(folds.size(), 3U);
  for (std::size_t fold = 0; fold < 3; ++fold) {
    EXPECT_EQ(folds[fold].rows.front(), 60 + 60 * static_cast<std::int64_t>(fold));
    EXPECT_EQ(folds[fold].rows.size(), 60U);
    EXPECT_LT(folds[fold].model.rmse, folds[fold].repeat_last.rmse);
  }
  // The last one is what training measures on as many test rows.
  ForecastOptions last = options;
  last.test_rows = 60;
  EXPECT_EQ(Forecaster::train(series, last).report.predicted, folds[2].predicted);
  // Rows behind a fold do not matter to it.
  data::TimeSeries changed = series;
  for (std::size_t row = 180; row < 240; ++row) changed.values[row] = -1000.0;
  const std::vector<ForecastReport> others = Forecaster::cross_validate(changed, options, 3);
  for (const std::size_t fold : {0U, 1U}) EXPECT_EQ(others[fold].predicted, folds[fold].predicted);
  EXPECT_NE(others[2].predicted, folds[2].predicted);
}

TEST(Forecaster, SaysInWhichFoldItFailed) {
  data::TimeSeries series = waves(240);
  for (std::size_t row = 0; row < 90; ++row) series.values[row] = 5.0;
  EXPECT_EQ(
      test::error_of([&] { Forecaster::cross_validate(series, quick(), 3); }),
      "fold 1 of 3: made up: column \"y\" is 5 in all 45 rows to learn from: there is nothing "
      "to forecast; give another --target");
  ForecastOptions options = quick();
  options.horizon = 100;
  EXPECT_TRUE(test::error_of([&] {
                Forecaster::cross_validate(series, options, 3);
              }).starts_with("made up has 240 rows: 3 folds of 60 each leave 60 before the first"));
}

TEST(Forecaster, GivesTheFoldsBeforeAPause) {
  ForecastOptions options = quick();
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& at) { return at.fold < 2; };
  EXPECT_EQ(Forecaster::cross_validate(waves(240), options, 3).size(), 1U);
  options.stop_after = 1;
  EXPECT_NE(test::error_of([&] { Forecaster::cross_validate(waves(240), options, 3); }), "");
}

TEST(Forecaster, ComesBackFromItsFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("waves.chronicler");
  const data::TimeSeries series = waves(240);
  ForecastOptions options = quick();
  options.horizon = 3;
  const Forecaster::Trained trained = Forecaster::train(series, options);
  trained.forecaster.save(path);
  const Forecaster loaded = Forecaster::load(path);
  EXPECT_EQ(loaded.columns(), (std::vector<std::string>{"y"}));
  EXPECT_EQ(loaded.run(series).mean, trained.forecaster.run(series).mean);
  EXPECT_EQ(loaded.run(series).values, trained.forecaster.run(series).values);
  // The test part again: the same forecasts as right after training.
  EXPECT_EQ(loaded.backtest(series, {.rows = 48}).predicted, trained.report.predicted);
}

TEST(Forecaster, RefusesAModelThatIsNone) {
  const test::TemporaryFolder folder;
  const Symbol x = Input({.shape = {None, 2}});
  const Functional model({x}, {x});
  model.save(folder.path("other.chronicler"));
  EXPECT_THROW(Forecaster::load(folder.path("other.chronicler")), Error);
}

TEST(Forecaster, GoesOnWhereItWasStopped) {
  const test::TemporaryFolder folder;
  const data::TimeSeries series = waves(200);
  ForecastOptions options = quick();
  options.epochs = 4;
  const std::vector<double> whole = Forecaster::train(series, options).report.predicted;

  options.checkpoint = folder.path("checkpoint");
  for (const int stop_after : {3, 6}) {  // amid the first network, and amid the second
    int epochs = 0;
    options.resume = false;
    options.report_seconds = 0.0;
    options.progress = [&](const TaskProgress& at) {
      const bool goes_on = epochs < stop_after;  // one batch of the next is still done
      epochs += at.is_epoch ? 1 : 0;
      return goes_on;
    };
    EXPECT_TRUE(Forecaster::train(series, options).stopped);
    EXPECT_TRUE(std::filesystem::exists(options.checkpoint));
    options.progress = {};
    options.resume = true;
    const Forecaster::Trained resumed = Forecaster::train(series, options);
    EXPECT_FALSE(resumed.stopped);
    EXPECT_EQ(resumed.report.predicted, whole) << stop_after;
    EXPECT_FALSE(std::filesystem::exists(options.checkpoint));
  }
  options.resume = true;  // though nothing is left to go on from
  EXPECT_EQ(Forecaster::train(series, options).report.predicted, whole);
}

TEST(Forecaster, GoesOnWithNoOtherOptionsThanItBeganWith) {
  const test::TemporaryFolder folder;
  ForecastOptions options = quick();
  options.checkpoint = folder.path("checkpoint");
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& at) { return at.epochs < 1.0; };
  ASSERT_TRUE(Forecaster::train(waves(200), options).stopped);
  options.progress = {};
  options.resume = true;
  const auto refusal = [&](const data::TimeSeries& series, const auto& change) {
    ForecastOptions changed = options;
    change(changed);
    return test::error_of([&] { Forecaster::train(series, changed); });
  };
  const auto same = [](ForecastOptions&) {};
  EXPECT_NE(refusal(waves(200), [](ForecastOptions& o) { o.cell = "gru"; })
                .find("is of another run (cell lstm), this one is cell gru"),
            std::string::npos);
  const std::vector<std::function<void(ForecastOptions&)>> changes{
      [](auto& o) { o.units = 5; },
      [](auto& o) { o.layers = 2; },
      [](auto& o) { o.networks = 1; },
      [](auto& o) { o.epochs = 3; },
      [](auto& o) { o.learning_rate = 0.5; },
      [](auto& o) { o.dropout = 0.5; },
      [](auto& o) { o.lookback = 13; },
      [](auto& o) { o.transform = "log"; },
      [](auto& o) { o.validation_rows = 33; },
      [](auto& o) { o.test_rows = 41; },
      [](auto& o) { o.horizon = 2; },
      [](auto& o) {
        o.quantiles = {0.2, 0.9};
      },
      [](auto& o) { o.seed = 1; }};
  for (std::size_t i = 0; i < changes.size(); ++i)
    EXPECT_NE(refusal(waves(200), changes[i]).find("is of another run"), std::string::npos) << i;
  EXPECT_NE(refusal(waves(201), same).find("is of another run"), std::string::npos);
  EXPECT_FALSE(Forecaster::train(waves(200), options).stopped);
}

TEST(Forecaster, ChecksItsOptionsByTheirRanges) {
  const auto error = [](const ForecastOptions& options) {
    return test::error_of([&] { Forecaster::train(waves(200), options); });
  };
  EXPECT_EQ(error({.horizon = 0}), "horizon of Forecaster must be from 1 to 1000000000, got 0");
  EXPECT_EQ(error({.covariates = 1}),
            "covariates of Forecaster must leave a target among 1 columns, got 1");
  EXPECT_EQ(error({.future = 1}),
            "future of Forecaster must leave a target among 1 columns, got 1");
  EXPECT_EQ(error({.covariates = 1, .future = 2}),
            "covariates and future of Forecaster must leave a target among 1 columns, got 1 and 2");
  EXPECT_EQ(error({.covariates = -1}), "covariates of Forecaster must be at least 0, got -1");
  EXPECT_EQ(error({.test_every = 0}),
            "test_every of Forecaster must be from 1 to 1000000000, got 0");
  EXPECT_EQ(error({.quantiles = {0.5, 1.0}}),
            "quantiles of Forecaster must be above 0 and below 1, got 1");
  EXPECT_EQ(error({.quantiles = {0.5, 0.5}}),
            "quantiles must rise, got 0.5, 0.5: as in 0.1,0.5,0.9");
  EXPECT_EQ(error({.networks = 65}), "networks of Forecaster must be from 1 to 64, got 65");
  EXPECT_EQ(error({.learning_rate = 0.0}), "learning_rate of Forecaster must be above 0, got 0");
  EXPECT_EQ(error({.dropout = 1.0}), "dropout of Forecaster must be at least 0 and below 1, got 1");
  EXPECT_TRUE(error({.cell = "lstn"}).starts_with("unknown cell of Forecaster \"lstn\""));
  EXPECT_TRUE(error({.transform = "exp"}).starts_with("unknown transform of Forecaster \"exp\""));
  EXPECT_EQ(error({.resume = true}),
            "a run can only be resumed from a checkpoint: give the checkpoint's file");
  const Forecaster forecaster = Forecaster::train(waves(200), quick()).forecaster;
  EXPECT_EQ(test::error_of([&] { forecaster.backtest(waves(200), {.every = 0}); }),
            "every of a backtest must be from 1 to 1000000000, got 0");
}

TEST(Forecaster, SaysWhatItsOptionsWereChosenAs) {
  ForecastOptions options;
  options.epochs = 1;
  ForecastOptions chosen = Forecaster::train(waves(200), options).options;
  EXPECT_EQ(chosen.test_rows, 40);
  EXPECT_EQ(chosen.validation_rows, 40);
  EXPECT_EQ(chosen.units, 16);
  EXPECT_EQ(chosen.networks, 3);
  EXPECT_GT(chosen.lookback, 0);
  EXPECT_TRUE(chosen.transform == "log" || chosen.transform == "none");
  // Given as they were chosen, they are the same run; but a lookback that is given is the only one
  // that is tried.
  chosen.lookback = 0;
  EXPECT_EQ(Forecaster::train(waves(200), chosen).report.predicted,
            Forecaster::train(waves(200), options).report.predicted);
}

TEST(Forecaster, SaysWhereTrainingBecameNaN) {
  ForecastOptions options = quick();
  options.learning_rate = 1e30;
  const std::string error = test::error_of([&] { Forecaster::train(waves(200), options); });
  EXPECT_TRUE(error.starts_with("training has become NaN at batch ")) << error;
  EXPECT_NE(error.find(" in epoch 1: the loss is "), std::string::npos) << error;
}

TEST(Forecaster, CountsNoTruthThatIsMissing) {
  data::TimeSeries series = waves(240);
  for (std::size_t row = 200; row < 220; ++row) {
    series.values[row] = 1e3;
    series.observed[row] = 0;
  }
  ForecastOptions options = quick();
  options.test_rows = 48;
  const ForecastReport report = Forecaster::train(series, options).report;
  EXPECT_EQ(report.left_out, 20);
  EXPECT_EQ(report.forecasts, 48);
}

// Each week has a day without: no seven days are whole.
TEST(Forecaster, LearnsWhereEveryPathHasAHole) {
  data::TimeSeries series = waves(300);
  for (std::size_t row = 6; row < 300; row += 7) {
    series.values[row] = series.values[row - 1];
    series.observed[row] = 0;
  }
  ForecastOptions options = quick();
  options.horizon = 7;
  const ForecastReport report = Forecaster::train(series, options).report;
  EXPECT_LT(report.model.rmse, 0.7 * report.repeat_last.rmse);
}

TEST(Forecaster, SaysWhatIsWrongWithTheData) {
  const auto message = [](const data::TimeSeries& series, const ForecastOptions& options) {
    try {
      Forecaster::train(series, options);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("no error");
  };
  ForecastOptions options;
  options.horizon = 24;
  EXPECT_EQ(message(waves(50), options),
            "made up has 50 rows: 24 to test, 13 to validate, 13 to learn from; a forecast of 24 "
            "needs at least 24, 24 and 56");
  EXPECT_EQ(message(series_of(100, [](std::int64_t) { return 4.0; }), {}),
            "made up: column \"y\" is 4 in all 60 rows to learn from");
  options = {};
  options.transform = "log";
  EXPECT_EQ(
      message(series_of(100, [](std::int64_t row) { return 5.0 - 0.1 * static_cast<double>(row); }),
              options),
      "made up: numbers of 0 and below have no logarithm");
}

}  // namespace
}  // namespace chronicler::tasks
