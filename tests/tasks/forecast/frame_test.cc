#include "tasks/forecast/frame.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

data::TimeSeries hours(std::int64_t rows) {
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y", "c"};
  series.calendar.step = {3600, 0};
  for (std::int64_t row = 0; row < rows; ++row) {
    series.values.insert(series.values.end(),
                         {static_cast<double>(row * row % 17), static_cast<double>(row % 5)});
    series.observed.insert(series.observed.end(), {1, 1});
    series.times.push_back(row * 3600);
  }
  return series;
}

ForecastRecipe recipe_for_hours() {
  ForecastRecipe recipe;
  recipe.targets = {"y"};
  recipe.covariates = {"c"};
  recipe.scales = {{false, 8.0, 2.0}, {false, 2.0, 1.0}};
  recipe.clock.step = {3600, 0};
  recipe.calendar = true;
  recipe.horizon = 2;
  recipe.lookback = 5;
  recipe.covariate_lookback = 3;
  recipe.memory = 4;
  recipe.period = 24;
  return recipe;
}

std::vector<float> seen(const ForecastFrame& frame, std::int64_t row) {
  std::vector<float> values(static_cast<std::size_t>(frame.steps_width() + frame.lags_width()));
  frame.write_steps(0, row, values.data());
  frame.write_lags(0, row, values.data() + frame.steps_width());
  return values;
}

// A change of what comes later changes nothing that a forecast sees.
TEST(ForecastFrame, KnowsNothingOfLaterRows) {
  const data::TimeSeries series = hours(60);
  data::TimeSeries changed = series;
  for (std::int64_t row = 41; row < 60; ++row) {
    for (std::size_t column = 0; column < 2; ++column) {
      changed.values[static_cast<std::size_t>(row) * 2 + column] = 1e6;
      changed.observed[static_cast<std::size_t>(row) * 2 + column] = 0;
    }
  }
  const ForecastFrame frame(recipe_for_hours(), series);
  const ForecastFrame other(recipe_for_hours(), changed);
  for (std::int64_t row = 0; row <= 40; ++row) EXPECT_EQ(seen(frame, row), seen(other, row)) << row;
  EXPECT_NE(seen(frame, 41), seen(other, 41));
}

ForecastRecipe recipe_with_future() {
  ForecastRecipe recipe = recipe_for_hours();
  recipe.covariates.clear();
  recipe.future = {"c"};
  return recipe;
}

TEST(ForecastFrame, SeesColumnsThatAreKnownAheadOverTheHorizonAndNoFurther) {
  const data::TimeSeries series = hours(60);
  data::TimeSeries changed = series;
  for (std::size_t row = 43; row < 60; ++row) {
    changed.values[row * 2] = 1e6;
    changed.values[row * 2 + 1] = 4.5;
  }
  const ForecastFrame frame(recipe_with_future(), series);
  const ForecastFrame other(recipe_with_future(), changed);
  EXPECT_EQ(seen(frame, 40), seen(other, 40));  // the horizon is rows 41 and 42
  EXPECT_NE(seen(frame, 41), seen(other, 41));
  EXPECT_EQ(frame.lags_width(), 5 + 3 + 2 + 14);
  EXPECT_EQ(frame.ahead_width(), 2);
  std::vector<float> lags(static_cast<std::size_t>(frame.lags_width()));
  frame.write_lags(0, 40, lags.data());
  EXPECT_FLOAT_EQ(lags[5], -2.0F);  // now
  EXPECT_FLOAT_EQ(lags[8], -1.0F);  // in an hour, in two
  EXPECT_FLOAT_EQ(lags[9], 0.0F);
  frame.write_lags(0, 58, lags.data());
  EXPECT_FLOAT_EQ(lags[9], 2.0F);  // behind the last row, the last
}

TEST(ForecastFrame, TakesOutWhatKnownColumnsExplain) {
  ForecastRecipe recipe = recipe_with_future();
  const data::TimeSeries series = hours(60);
  const ForecastFrame plain(recipe, series);
  recipe.effects = {0.25};
  recipe.change = 2.0;
  data::TimeSeries holed = series;
  holed.observed[2 * 30] = 0;
  const ForecastFrame frame(recipe, holed);
  EXPECT_DOUBLE_EQ(frame.z(0, 20), plain.z(0, 20) - 0.25 * plain.known_ahead(0, 20));
  EXPECT_DOUBLE_EQ(frame.z(0, 30), frame.z(0, 29));  // carried forward: what is not explained
  // A forecast is of the series again.
  EXPECT_NEAR(frame.forecast(0, 40, 2, frame.change(0, 40, 2)), series.at(42, 0), 1e-12);
}

TEST(ForecastFrame, LooksBackFromTheLastValue) {
  const ForecastFrame frame(recipe_for_hours(), hours(60));
  std::vector<float> lags(static_cast<std::size_t>(frame.lags_width()));
  frame.write_lags(0, 30, lags.data());
  EXPECT_EQ(frame.lags_width(), 5 + 3 + 14);
  EXPECT_FLOAT_EQ(lags[0], static_cast<float>(frame.z(0, 30)));
  EXPECT_FLOAT_EQ(lags[2], static_cast<float>(frame.z(0, 28) - frame.z(0, 30)));
  EXPECT_FLOAT_EQ(lags[5], -2.0F);  // the covariate: (0 - 2) / 1
  EXPECT_FLOAT_EQ(lags[6], 4.0F);   // and 4 an hour before
  EXPECT_DOUBLE_EQ(frame.change(0, 30, 2), frame.z(0, 32) - frame.z(0, 30));
}

TEST(ForecastFrame, TellsTheCalendarOfTheRowToCome) {
  ForecastRecipe recipe = recipe_for_hours();
  const ForecastFrame frame(recipe, hours(60));
  const std::vector<float> values = seen(frame, 22);  // the next row is 23 o'clock
  const std::vector<std::int64_t> time{std::int64_t{23} * 3600};
  const std::vector<float> expected = data::calendar(time, recipe.clock.step, false);
  EXPECT_EQ(std::vector<float>(values.end() - 14, values.end()), expected);
}

}  // namespace
}  // namespace chronicler::tasks
