#include "tasks/forecast/series_folds.h"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t one_day = 86400;

data::TimeSeries numbers(std::int64_t rows) {
  data::TimeSeries series;
  series.source = "made up";
  series.columns = {"y"};
  for (std::int64_t row = 0; row < rows; ++row) {
    series.values.push_back(10.0 + std::sin(static_cast<double>(row)));
    series.observed.push_back(1);
  }
  return series;
}

// Every day at first; later, the shop is closed on Sundays.
data::TimeSeries shop(std::int64_t days) {
  data::TimeSeries series;
  series.source = "shop";
  series.columns = {"y"};
  for (std::int64_t day = 0; day < days; ++day) {
    const bool is_sunday = (day + 4) % 7 == 0;  // day 0 of the clock was a Thursday
    if (day > days / 3 && is_sunday) continue;
    series.times.push_back(day * one_day);
    series.values.push_back(static_cast<double>(day % 7 + day % 3));
    series.observed.push_back(1);
  }
  series.calendar = data::RowCalendar::learn(series.times);
  return series;
}

TEST(SeriesFolds, AreStretchesAtTheEndOneAfterTheOther) {
  for (const std::int64_t folds : {2, 5, 20}) {
    for (const std::int64_t test_rows : {0, 4}) {
      const data::TimeSeries series = numbers(103);
      const ForecastOptions options{.test_rows = test_rows};
      std::int64_t end = 103 - folds * (test_rows > 0 ? test_rows : 103 / (folds + 1));
      for (std::int64_t fold = 0; fold < folds; ++fold) {
        const SeriesFold part =
            fold_of_series(series, rows_of_fold(series, options, folds), fold, folds);
        EXPECT_EQ(part.series.rows() - part.test_rows, end);  // learnt: all before it
        end = part.series.rows();
      }
      EXPECT_EQ(end, 103);
    }
  }
}

// Where the calendar of the rows before a fold is not that of all, rows are put in; they do not
// change which times a fold tests.
TEST(SeriesFolds, TestEachTimeOnceWhateverTheCalendar) {
  const data::TimeSeries series = shop(700);
  std::set<std::int64_t> tested;
  std::int64_t last = 0;
  for (std::int64_t fold = 0; fold < 5; ++fold) {
    const SeriesFold part = fold_of_series(series, rows_of_fold(series, {}, 5), fold, 5);
    const std::vector<std::int64_t>& times = part.series.times;
    for (std::size_t row = times.size() - static_cast<std::size_t>(part.test_rows);
         row < times.size(); ++row) {
      EXPECT_GT(times[row], last);
      EXPECT_TRUE(tested.insert(times[row]).second);
    }
    last = times.back();
  }
  const std::size_t stretch = series.times.size() / 6;
  for (std::size_t row = series.times.size() - 5 * stretch; row < series.times.size(); ++row)
    EXPECT_TRUE(tested.contains(series.times[row])) << row;
}

TEST(SeriesFolds, KnowNothingOfLaterRows) {
  data::TimeSeries series = numbers(100);
  const SeriesFold before = fold_of_series(series, 20, 1, 4);
  for (std::size_t row = static_cast<std::size_t>(before.series.rows()); row < 100; ++row)
    series.values[row] = -1e9;
  EXPECT_EQ(fold_of_series(series, 20, 1, 4).series.values, before.series.values);
}

TEST(SeriesFolds, NeedRowsForEach) {
  const auto error = [](std::int64_t rows, const ForecastOptions& options, std::int64_t folds) {
    return test::error_of([&] { rows_of_fold(numbers(rows), options, folds); });
  };
  EXPECT_EQ(error(10, {}, 20),
            "made up has 10 rows: 20 folds of 0 each leave 10 before the first; a fold tests at "
            "least one forecast of 1: use fewer folds, more rows, a shorter horizon or fewer test "
            "rows");
  EXPECT_NE(error(100, {.horizon = 24}, 5), "");
  EXPECT_NE(error(100, {.test_rows = 50}, 2), "");
  EXPECT_NE(error(100, {.test_rows = 1'000'000'000}, 20), "");
}

}  // namespace
}  // namespace chronicler::tasks
