#include "tasks/forecast/history.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/error.h"
#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t day = 86400;

ForecastRecipe recipe_of_days() {
  ForecastRecipe recipe;
  recipe.targets = {"y"};
  recipe.future = {"f"};
  recipe.scales.resize(2);
  recipe.time_column = "date";
  recipe.clock.step = {day, 0};
  return recipe;
}

// y is the number of the row, f ten times that; from this day on.
data::TimeSeries days(std::int64_t first, std::int64_t rows) {
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y", "f"};
  series.calendar.step = {day, 0};
  for (std::int64_t row = first; row < first + rows; ++row) {
    series.values.push_back(static_cast<double>(row));
    series.values.push_back(static_cast<double>(10 * row));
    series.times.push_back(row * day);
  }
  series.observed.assign(series.values.size(), 1);
  return series;
}

data::TimeSeries without_times(data::TimeSeries series) {
  series.times.clear();
  series.calendar = {};
  return series;
}

ForecastHistory history_of_all_kinds() {
  ForecastHistory history{days(3, 5), 7};
  history.rows.observed[4] = 0;
  history.rows.put_in = {0, 0, 1, 0, 0};
  history.rows.style = {data::TimestampStyle::Kind::period, 'T', true, "Z", "%Y-Q%q", 1000};
  history.rows.offsets = {{3 * day, 3600}, {5 * day, 7200}};
  return history;
}

TEST(ForecastHistory, ComesBackFromItsText) {
  const ForecastHistory history = history_of_all_kinds();
  const ForecastHistory read =
      ForecastHistory::from_json(history.to_json(), "history.json", recipe_of_days());
  EXPECT_EQ(read.before, 7);
  EXPECT_EQ(read.rows.columns, history.rows.columns);
  EXPECT_EQ(read.rows.values, history.rows.values);
  EXPECT_EQ(read.rows.observed, history.rows.observed);
  EXPECT_EQ(read.rows.times, history.rows.times);
  EXPECT_EQ(read.rows.put_in, history.rows.put_in);
  EXPECT_EQ(read.rows.offsets, history.rows.offsets);
  EXPECT_EQ(read.rows.time_column, "date");
  EXPECT_EQ(read.rows.calendar, history.rows.calendar);
  EXPECT_EQ(read.rows.style.kind, history.rows.style.kind);
  EXPECT_EQ(read.rows.style.between, 'T');
  EXPECT_TRUE(read.rows.style.seconds);
  EXPECT_EQ(read.rows.style.offset, "Z");
  EXPECT_EQ(read.rows.style.pattern, "%Y-Q%q");
  EXPECT_EQ(read.rows.style.per_second, 1000);

  const ForecastHistory numbered{without_times(days(0, 4)), 0};
  EXPECT_TRUE(ForecastHistory::from_json(numbered.to_json(), "history.json", recipe_of_days())
                  .rows.times.empty());
}

TEST(ForecastHistory, RefusesTextThatIsNone) {
  const Json whole = Json::parse(history_of_all_kinds().to_json());
  const std::vector<Json> values{true,          -1,
                                 0.5,           1e300,
                                 "x",           "00000000000",
                                 Json::array(), Json::object(),
                                 {1},           {1, 2, 3, 4, 3},
                                 {{1}},         {{1, 1e9}}};
  int refused = 0;
  const auto refuse = [&](const Json& damaged) {
    try {
      const ForecastHistory read =
          ForecastHistory::from_json(damaged.dump(), "history.json", recipe_of_days());
      EXPECT_EQ(read.rows.observed.size(), read.rows.values.size());
      EXPECT_FALSE(read.is_empty());
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("history.json"), std::string::npos) << error.what();
      ++refused;
    }
  };
  for (const auto& [name, unused] : whole.items()) {
    for (const Json& value : values) {
      Json damaged = whole;
      damaged[name] = value;
      refuse(damaged);
    }
  }
  for (const auto& [name, unused] : whole["style"].items()) {
    for (const Json& value : values) {
      Json damaged = whole;
      damaged["style"][name] = value;
      refuse(damaged);
    }
  }
  EXPECT_GT(refused, 120);
}

TEST(ForecastHistory, KeepsTheLastRows) {
  ForecastRecipe recipe = recipe_of_days();
  data::TimeSeries series = days(0, 5000);
  for (std::size_t row = 4990; row < 5000; ++row) series.observed[2 * row] = 0;  // f alone
  series.put_in.assign(5000, 0);
  series.put_in[2990] = series.put_in[2989] = 1;
  const ForecastHistory kept = kept_rows(recipe, {series, 100});
  EXPECT_EQ(kept.before, 3088);  // a row of the file comes first
  EXPECT_EQ(kept.rows.rows(), 2012);
  EXPECT_EQ(kept.rows.at(0, 0), 2988.0);
  EXPECT_EQ(kept.rows.times.back(), 4999 * day);
  recipe.memory = 3000;
  EXPECT_EQ(kept_rows(recipe, {series, 0}).rows.rows(), 5000);
  recipe.memory = 150'000;  // would not fit a file
  EXPECT_TRUE(kept_rows(recipe, {series, 0}).is_empty());
  series.values[77] = std::nan("");
  EXPECT_TRUE(kept_rows(recipe_of_days(), {series, 0}).is_empty());
}

TEST(ForecastHistory, PutsRowsBehindItsOwn) {
  const ForecastRecipe recipe = recipe_of_days();
  const ForecastHistory history{days(0, 10), 0};
  // Those that follow, and those that come again.
  for (const std::int64_t first : {10, 7, 1}) {
    data::TimeSeries rows = days(first, 20 - first);
    rows.values[0] = 55.0;
    const ForecastHistory all = with_rows(recipe, history, rows);
    ASSERT_EQ(all.rows.rows(), 20) << first;
    EXPECT_EQ(all.rows.at(first, 0), 55.0);
    EXPECT_EQ(all.rows.at(first - 1, 0), static_cast<double>(first - 1));
    EXPECT_EQ(all.rows.times, days(0, 20).times);
    EXPECT_TRUE(all.rows.put_in.empty());
  }
  // Those that begin earlier are all there is.
  EXPECT_EQ(with_rows(recipe, history, days(-5, 20)).rows.times.front(), -5 * day);
  // Between the two, rows are put in; what the first of the new ones lack is carried on.
  data::TimeSeries later = days(12, 4);
  later.observed[0] = 0;
  const ForecastHistory all = with_rows(recipe, history, later);
  ASSERT_EQ(all.rows.rows(), 16);
  EXPECT_EQ(all.rows.put_in,
            (std::vector<std::uint8_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0}));
  for (const std::int64_t row : {10, 11, 12}) {
    EXPECT_EQ(all.rows.at(row, 0), 9.0);
    EXPECT_FALSE(all.rows.is_observed(row, 0));
  }
  EXPECT_EQ(all.rows.at(12, 1), 120.0);
  // Rows of columns that are known ahead give way to those that have the targets.
  ForecastHistory ahead{days(0, 14), 0};
  for (std::size_t row = 10; row < 14; ++row) ahead.rows.observed[2 * row] = 0;
  EXPECT_EQ(with_rows(recipe, ahead, days(10, 3)).rows.rows(), 13);
}

TEST(ForecastHistory, CountsOnWithoutTimes) {
  const ForecastRecipe recipe = recipe_of_days();
  const ForecastHistory history{without_times(days(0, 10)), 30};
  const ForecastHistory all = with_rows(recipe, history, without_times(days(0, 3)));
  EXPECT_EQ(all.rows.rows(), 13);
  EXPECT_EQ(all.before, 30);
  EXPECT_EQ(all.rows.at(10, 1), 0.0);
  // Of a model that keeps none, they come behind those that it has learnt from.
  ForecastRecipe older = recipe;
  older.trained_rows = 50;
  EXPECT_EQ(with_rows(older, {}, without_times(days(0, 3))).before, 50);
  EXPECT_EQ(with_rows(older, {}, days(0, 3)).before, 0);
}

TEST(ForecastHistory, SaysWhatCannotFollow) {
  const ForecastRecipe recipe = recipe_of_days();
  const ForecastHistory history{days(0, 10), 0};
  const auto error = [&](const data::TimeSeries& rows) {
    return test::error_of([&] { with_rows(recipe, history, rows); });
  };
  EXPECT_EQ(error(days(4, 6)),
            "made up ends at 1970-01-10, and the model knows rows up to 1970-01-10: give it newer "
            "rows");
  EXPECT_EQ(error(without_times(days(10, 6))),
            "made up has no times, the rows that the model keeps have some: give rows of the same "
            "series");
}

}  // namespace
}  // namespace chronicler::tasks
