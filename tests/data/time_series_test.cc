#include "chronicler/data/time_series.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

class TimeSeriesTest : public testing::Test {
 protected:
  TimeSeries read(const std::string& contents, TimeSeriesOptions options = {.columns = {"x"}}) {
    const std::string path = folder_.path("data.csv");
    std::ofstream(path, std::ios::binary) << contents;
    return read_time_series(path, options);
  }
  Error error(const std::string& contents, const TimeSeriesOptions& options = {.columns = {"x"}}) {
    try {
      read(contents, options);
    } catch (const Error& caught) {
      return Error(caught.message().substr(caught.message().find("data.csv")), caught.hint());
    }
    ADD_FAILURE() << "no error";
    return Error("none");
  }
  // x = 1, 2, ... on consecutive days.
  static std::string days(int count) {
    std::string text = "date,x\n";
    for (int i = 0; i < count; ++i)
      text += format_timestamp(std::int64_t{86400} * i, true) + "," + std::to_string(i + 1) + "\n";
    return text;
  }
  test::TemporaryFolder folder_;
};

TEST_F(TimeSeriesTest, FindsTheTimeByItself) {
  const TimeSeries series = read(days(4));
  EXPECT_EQ(series.time_column, "date");
  EXPECT_EQ(series.calendar.step.name(), "day");
  EXPECT_EQ(series.values, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_TRUE(series.notes.empty());
  EXPECT_EQ(series.label(3), "1970-01-04");
  EXPECT_EQ(series.format_time(series.time_after(2)), "1970-01-06");
}

TEST_F(TimeSeriesTest, DoesWithoutATime) {
  const TimeSeries series = read("n,x\n1,5\n2,6\n");
  EXPECT_EQ(series.time_column, "");
  EXPECT_EQ(series.label(1), "row 2");
}

TEST_F(TimeSeriesTest, NamesTheCellThatIsNoDateAmongDates) {
  EXPECT_EQ(error(days(20) + "1970-99-01,5\n").message(),
            "data.csv:22: column \"date\": \"1970-99-01\" is not a date");
  EXPECT_EQ(error(days(20) + ",5\n").message(), "data.csv:22: column \"date\": \"\" is not a date");
}

TEST_F(TimeSeriesTest, RefusesNumbersThatHaveNoSquare) {
  EXPECT_EQ(error("x\n1\n-1e200\n").message(),
            "data.csv:3: column \"x\": \"-1e200\" is too large, above 1e+100");
  EXPECT_THROW(read("x,y\n1,2\n", {.columns = {"x", "x"}}), Error);
  EXPECT_THROW(read("x,y\n1,2\n", {.columns = {}}), Error);
}

TEST_F(TimeSeriesTest, JoinsColumnsOfYearMonthDayHour) {
  const TimeSeries series =
      read("year,month,day,hour,x\n2010,1,1,22,1\n2010,1,1,23,2\n2010,1,2,0,3\n",
           {.columns = {"x"}, .time = {"year", "month", "day", "hour"}});
  EXPECT_EQ(series.calendar.step.name(), "hour");
  EXPECT_EQ(series.label(2), "2010-01-02 00:00");
}

TEST_F(TimeSeriesTest, CarriesForwardWhatIsMissingAndNeverBack) {
  const TimeSeries series =
      read("date,x\n2024-01-01,\n2024-01-02,2\n2024-01-03,NA\n2024-01-04,4\n");
  EXPECT_EQ(series.values, (std::vector<double>{2, 2, 4}));
  EXPECT_EQ(series.observed, (std::vector<std::uint8_t>{1, 0, 1}));
  EXPECT_EQ(series.label(0), "2024-01-02");
  ASSERT_EQ(series.notes.size(), 2U);
}

TEST_F(TimeSeriesTest, PutsMissingRowsIn) {
  std::string text = days(30);
  text.erase(text.find("1970-01-12"), std::string("1970-01-12,12\n").size());
  const TimeSeries series = read(text);
  EXPECT_EQ(series.rows(), 30);
  EXPECT_EQ(series.at(11, 0), 11.0);
  EXPECT_FALSE(series.is_observed(11, 0));
  ASSERT_EQ(series.notes.size(), 1U);
  EXPECT_NE(series.notes[0].find("1 row missing in 1 gap (longest: 1 before 1970-01-13"),
            std::string::npos)
      << series.notes[0];
}

TEST_F(TimeSeriesTest, TakesRowsAsTheyComeWhereWeekendsAreMissing) {
  std::string text = "date,x\n";
  for (int i = 0; i < 28; ++i) {
    const std::int64_t time = std::int64_t{86400} * i;
    if (clock_time(time).weekday < 5) text += format_timestamp(time, true) + ",1.5\n";
  }
  const TimeSeries series = read(text);
  EXPECT_EQ(series.rows(), 20);
  EXPECT_FALSE(series.calendar.is_even());
  EXPECT_EQ(clock_time(series.times.back()).weekday, 2);
  EXPECT_EQ(clock_time(series.time_after(3)).weekday, 0);  // over the weekend
}

TEST_F(TimeSeriesTest, RefusesDisorderUnlessToldToSort) {
  const std::string text = "date,x\n2024-01-01,1\n2024-01-03,3\n2024-01-02,2\n2024-01-04,4\n";
  const Error disorder = error(text);
  EXPECT_EQ(disorder.message(),
            "data.csv:4: column \"date\": 2024-01-02 00:00 comes after 2024-01-03 00:00: 1 row out "
            "of order of time");
  EXPECT_NE(disorder.hint().find("--sort"), std::string::npos);
  EXPECT_EQ(read(text, {.columns = {"x"}, .sort = true}).values, (std::vector<double>{1, 2, 3, 4}));
}

TEST_F(TimeSeriesTest, RefusesDoubledTimesUnlessToldToAverage) {
  const std::string text = "date,x\n2024-01-01,1\n2024-01-02,2\n2024-01-02,4\n2024-01-03,5\n";
  EXPECT_EQ(error(text).message(),
            "data.csv:4: 2024-01-02 00:00 stands there twice in column \"date\" (1 of 4 rows "
            "repeat a time)");
  const TimeSeries series = read(text, {.columns = {"x"}, .average_doubles = true});
  EXPECT_EQ(series.values, (std::vector<double>{1, 3, 5}));
}

// Of several series each date occurs several times. A cell without one does not turn the rows of
// all series into one that has no dates.
TEST_F(TimeSeriesTest, NamesTheCellThatIsNoDateAmongDatesOfSeveralSeries) {
  for (const char* cell : {"", "unknown", "NA"}) {
    std::string text = "shop,date,x\n";
    for (int day = 1; day <= 20; ++day) {
      for (const int shop : {1, 2, 3}) {
        const bool is_gap = day == 6 && shop == 2;
        const std::string date = "2024-01-" + std::to_string(day + 10);
        text += std::to_string(shop) + "," + (is_gap ? cell : date) + ",5\n";
      }
    }
    EXPECT_EQ(error(text, {.columns = {"x"}}).message(),
              "data.csv:18: column \"date\": \"" + std::string(cell) + "\" is not a date");
  }
}

TEST_F(TimeSeriesTest, TakesWhatOthersWriteForNoNumber) {
  for (const char* cell : {"", "-", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NULL",
                           "null", "None", "?"}) {
    const TimeSeries series =
        read("date,x\n2024-01-01,1\n2024-01-02," + std::string(cell) + "\n2024-01-03,3\n");
    EXPECT_EQ(series.rows(), 3) << cell;
  }
}

TEST_F(TimeSeriesTest, NamesTheCellThatIsNoNumber) {
  const Error words = error("date,x\n2024-01-01,1\n2024-01-02,cloudy\n");
  EXPECT_EQ(words.message(), "data.csv:3: column \"x\": \"cloudy\" is not a number");
  const Error comma = error("date,x\n2024-01-01,\"12,4\"\n");
  EXPECT_EQ(comma.message(), "data.csv:2: column \"x\": \"12,4\" is not a number");
  EXPECT_EQ(comma.hint(), "if the comma marks decimals, give --decimal ,");
  EXPECT_EQ(error("date,x\n2024-01-01,1\nsoon,2\n", {.columns = {"x"}, .time = {"date"}}).message(),
            "data.csv:3: column \"date\": \"soon\" is not a date");
}

TEST_F(TimeSeriesTest, ReadsDecimalCommasWhereTheDelimiterIsAnother) {
  const TimeSeries series = read("date;x\n2024-01-01;1,5\n2024-01-02;2\n");
  EXPECT_EQ(series.values, (std::vector<double>{1.5, 2}));
  EXPECT_EQ(series.notes, (std::vector<std::string>{"numbers have decimal commas"}));
}

TEST_F(TimeSeriesTest, SaysWhenThereIsNoHeader) {
  const Error none = error("1,2\n3,4\n");
  EXPECT_EQ(none.message(), "data.csv:1: there is no header line, the file begins with \"1\"");
  EXPECT_NE(none.hint().find("--no-header"), std::string::npos);
}

TEST_F(TimeSeriesTest, KeepsTheLastRowsOfALongFile) {
  const TimeSeries series = read(days(1000), {.columns = {"x"}, .max_rows = 100});
  EXPECT_EQ(series.rows(), 100);
  EXPECT_EQ(series.at(0, 0), 901.0);
  EXPECT_EQ(series.notes,
            (std::vector<std::string>{"the file has 1000 rows: the last 100 are used"}));
}

// ---- the order of day and month

// x = 1, 2, ... at times a step apart, written by `write`.
std::string rows_of(int count, const TimeStep& step, std::int64_t from, const auto& write,
                    const std::string& header = "date,x\n") {
  std::string text = header;
  for (int i = 0; i < count; ++i)
    text += write(step.after(from, i)) + "," + std::to_string(i + 1) + "\n";
  return text;
}
std::string day_first(std::int64_t time) {
  const ClockTime clock = clock_time(time);
  return fmt::format("{:02}/{:02}/{} {:02}:{:02}", clock.day, clock.month, clock.year,
                     static_cast<int>(clock.hour), static_cast<int>(clock.hour * 60.0 + 0.5) % 60);
}
std::string month_first(std::int64_t time) {
  const ClockTime clock = clock_time(time);
  return fmt::format("{}/{}/{} {:02}:{:02}", clock.month, clock.day, clock.year,
                     static_cast<int>(clock.hour), static_cast<int>(clock.hour * 60.0 + 0.5) % 60);
}

TEST_F(TimeSeriesTest, TakesTheOrderOfDatesFromTheWholeColumn) {
  const std::int64_t march = *parse_timestamp("2023-03-01");
  struct Grid {
    TimeStep step;
    int count;
  };
  // A field above 12, long behind the first rows; then a grid that only one order makes even.
  for (const auto& [step, count] :
       {Grid{{900, 0}, 2000}, Grid{{3600, 0}, 1000}, Grid{{3600, 0}, 200}, Grid{{86400, 0}, 30},
        Grid{{0, 1}, 40}, Grid{{7 * 86400, 0}, 30}, Grid{{0, 3}, 12}}) {
    for (const bool days : {true, false}) {
      const TimeSeries series = read(rows_of(count, step, march, [&](std::int64_t time) {
        return days ? day_first(time) : month_first(time);
      }));
      EXPECT_EQ(series.rows(), count);
      EXPECT_EQ(series.calendar.step.name(), step.name());
      EXPECT_EQ(series.times.front(), march);
      EXPECT_EQ(series.time_after(1), step.after(march, count));
      EXPECT_EQ(series.notation.dates, days ? DateOrder::day_first : DateOrder::month_first);
    }
  }
}

TEST_F(TimeSeriesTest, ShowsTheReadingsOfADateThatMayBeTwo) {
  // Twelve days of March, or the third of twelve months.
  const std::string text = rows_of(12, {86400, 0}, *parse_timestamp("2023-03-01"), day_first);
  const Error open = error(text);
  EXPECT_EQ(open.message(),
            "data.csv:2: column \"date\": \"01/03/2023 00:00\" can be 2023-03-01 (day first) or "
            "2023-01-03 (month first), and no row shows which");
  EXPECT_EQ(open.hint(), "give --day-first or --month-first");
  EXPECT_EQ(read(text, {.columns = {"x"}, .dates = DateOrder::day_first}).calendar.step.name(),
            "day");
  EXPECT_EQ(read(text, {.columns = {"x"}, .dates = DateOrder::month_first}).calendar.step.name(),
            "month");
  // As a model learnt it.
  EXPECT_EQ(read(text, {.columns = {"x"}, .usual = {.dates = DateOrder::month_first}})
                .calendar.step.name(),
            "month");
  // Points are written where days come first; between dashes anything may come.
  std::string points = text;
  std::replace(points.begin(), points.end(), '/', '.');
  EXPECT_EQ(read(points).calendar.step.name(), "day");
  std::string dashes = text;
  std::replace(dashes.begin(), dashes.end(), '/', '-');
  EXPECT_NE(error(dashes).message().find("can be"), std::string::npos);
}

TEST_F(TimeSeriesTest, KeepsToTheOrderThatItIsTold) {
  const std::string american = "date,x\n3/31/2023,1\n4/1/2023,2\n4/2/2023,3\n";
  const Error told = error(american, {.columns = {"x"}, .dates = DateOrder::day_first});
  EXPECT_EQ(told.message(),
            "data.csv:2: column \"date\": \"3/31/2023\" is no date with the day first");
  EXPECT_EQ(told.hint(), "leave --day-first out, or give --month-first");
  // What a model learnt gives way to what the file says.
  EXPECT_EQ(read(american, {.columns = {"x"}, .usual = {.dates = DateOrder::day_first}}).rows(), 3);
  const Error mixed =
      error("date,x\n3/31/2023,1\n4/1/2023,2\n31/4/2023,3\n", {.columns = {"x"}, .time = {"date"}});
  EXPECT_EQ(mixed.message(), "data.csv:4: column \"date\": \"31/4/2023\" is not a date");
  EXPECT_EQ(error("date,x\n3/31/2023,1\n4/1/2023,2\n30/4/2023,4\n").message(),
            "data.csv:4: column \"date\": \"30/4/2023\" has the day first, but \"3/31/2023\" in "
            "line 2 has the month first");
}

TEST_F(TimeSeriesTest, ReadsYearsOfTwoDigitsInAnyOrder) {
  const std::int64_t start = *parse_timestamp("2019-01-05");
  const auto written = [](const char* form) {
    return [form](std::int64_t time) {
      const ClockTime clock = clock_time(time);
      return fmt::format(fmt::runtime(form), clock.year % 100, clock.month, clock.day);
    };
  };
  for (const char* form :
       {"{2:02}.{1:02}.{0:02}", "{2}/{1}/{0:02}", "{1:02}/{2:02}/{0:02}", "{0:02}/{1:02}/{2:02}",
        "{0:02}-{1:02}-{2:02}", "{2:02}-{1:02}-{0:02}"}) {
    const TimeSeries series = read(rows_of(200, {86400, 0}, start, written(form)));
    EXPECT_EQ(series.times.front(), start) << form;
    EXPECT_EQ(series.rows(), 200) << form;
    EXPECT_EQ(series.format_time(series.time_after(1)), "2019-07-24") << form;
  }
}

TEST_F(TimeSeriesTest, FindsTheOrderOfRowsThatAreNotInOrder) {
  std::string text = "date,x\n";
  for (int i = 299; i >= 0; --i)
    text += day_first(*parse_timestamp("2023-03-01") + std::int64_t{3600} * i) + ",1." +
            std::to_string(i) + "\n";
  EXPECT_EQ(error(text).message(),
            "data.csv:3: column \"date\": 2023-03-13 10:00 comes after 2023-03-13 11:00: the file "
            "has its newest rows first");
  const TimeSeries series = read(text, {.columns = {"x"}, .sort = true});
  EXPECT_EQ(series.format_time(series.time_after(1)), "2023-03-13 12:00");
}

// ---- other times

TEST_F(TimeSeriesTest, ContinuesInTheStyleOfTheFile) {
  struct File {
    std::string header;
    std::vector<std::string> cells;
    std::string next;
    std::string step;
  };
  for (const auto& [header, cells, next, step] : std::vector<File>{
           {"ds,x\n", {"1980Q1", "1980Q2", "1980Q3", "1980Q4", "1981Q1"}, "1981Q2", "quarter"},
           {"when,x\n", {"Q3 1980", "Q4 1980", "Q1 1981", "Q2 1981"}, "Q3 1981", "quarter"},
           {"week,x\n", {"2020-W51", "2020-W52", "2020-W53"}, "2021-W01", "week"},
           {"a,x\n", {"2018W50", "2018W51", "2018W52"}, "2019W01", "week"},
           {"ds,x\n", {"30-Dec-2018", "31-Dec-2018", "01-Jan-2019"}, "2019-01-02", "day"},
           {"a,x\n", {"Nov 2018", "Dec 2018", "Jan 2019"}, "2019-02-01", "month"},
           {"a,x\n", {"1 January 2019", "2 January 2019", "3 January 2019"}, "2019-01-04", "day"},
           {"a,x\n", {"20190101", "20190102", "20190103"}, "2019-01-04", "day"},
           {"ts,x\n", {"1700000000000", "1700003600000", "1700007200000"}, "1700010800000", "hour"},
           {"k,x\n", {"1700000000", "1700000900", "1700001800"}, "1700002700", "15 minutes"},
           {"a,x\n",
            {"2026-04-18T21:00:00Z", "2026-04-18T22:00:00Z", "2026-04-18T23:00:00Z"},
            "2026-04-19T00:00:00Z",
            "hour"},
           {"a,x\n",
            {"2026-04-18 21:00:00+10:00", "2026-04-18 22:00:00+10:00", "2026-04-18 23:00:00+10:00"},
            "2026-04-19 00:00:00+10:00",
            "hour"},
           {"a,x\n",
            {"2026-04-18 00:00-0330", "2026-04-19 00:00-0330", "2026-04-20 00:00-0330"},
            "2026-04-21 00:00-0330",
            "day"},
           {"a,x\n",
            {"1/1/2019 11:00:00 PM", "1/2/2019 12:00:00 AM", "1/2/2019 1:00:00 AM"},
            "2019-01-02 02:00:00",
            "hour"},
       }) {
    std::string text = header;
    for (const std::string& cell : cells) text += cell + ",1.5\n";
    const TimeSeries series = read(text);
    EXPECT_EQ(series.time_column, header.substr(0, header.find(','))) << next;
    EXPECT_EQ(series.calendar.step.name(), step) << next;
    EXPECT_EQ(series.format_time(series.time_after(1)), next);
    EXPECT_EQ(series.rows(), static_cast<std::int64_t>(cells.size())) << next;
  }
}

TEST_F(TimeSeriesTest, FindsDateAndTimeOfDayInTwoColumns) {
  for (const std::string hour : {"{:02}:00", "{}", "{:02}:00:00", "{:02}00"}) {
    std::string text = "Date,Hour,x\n";
    for (int i = 0; i < 60; ++i)
      text += fmt::format("{:02}.01.2023,{},{}\n", i / 24 + 1,
                          fmt::format(fmt::runtime(hour), i % 24), i + 1);
    const TimeSeries series = read(text);
    EXPECT_EQ(series.time_column, "Date,Hour") << hour;
    EXPECT_EQ(series.calendar.step.name(), "hour") << hour;
    EXPECT_EQ(series.format_time(series.time_after(1)).substr(0, 16), "2023-01-03 12:00") << hour;
  }
  // Hours named by their end: 24 is the next day's midnight.
  const TimeSeries series = read(
      "Date,Hour,x\n2023-01-01,22,1\n2023-01-01,23,2\n2023-01-01,24,3\n2023-01-02,1,4\n"
      "2023-01-02,2,5\n");
  EXPECT_EQ(series.label(2), "2023-01-02 00:00");
  EXPECT_EQ(series.rows(), 5);
}

TEST_F(TimeSeriesTest, FindsColumnsOfYearAndMonth) {
  const TimeSeries months = read("Year,Month,x\n2019,11,1\n2019,12,2\n2020,1,3\n2020,2,4\n");
  EXPECT_EQ(months.time_column, "Year,Month");
  EXPECT_EQ(months.format_time(months.time_after(1)), "2020-03-01");
  const TimeSeries quarters = read("year,quarter,x\n2019,3,1\n2019,4,2\n2020,1,3\n2020,2,4\n");
  EXPECT_EQ(quarters.format_time(quarters.time_after(1)), "2020-07-01");
  std::string hours = "No,year,month,day,hour,x\n";
  for (int i = 0; i < 100; ++i)
    hours += fmt::format("{},2010,1,{},{},5\n", i + 1, i / 24 + 1, i % 24);
  const TimeSeries series = read(hours);
  EXPECT_EQ(series.time_column, "year,month,day,hour");
  EXPECT_EQ(series.format_time(series.time_after(1)), "2010-01-05 04:00");
  // Unless they are no time, or it is told so.
  EXPECT_EQ(read("year,month,x\n2019,May,1\n2019,May,2\n2019,May,3\n").time_column, "");
  EXPECT_EQ(read(hours, {.columns = {"x"}, .time = {"none"}}).time_column, "");
  EXPECT_EQ(read(hours, {.columns = {"x"}, .usual = {.no_time = true}}).time_column, "");
  EXPECT_TRUE(read(hours, {.columns = {"x"}, .time = {"none"}}).notes.empty());
}

TEST_F(TimeSeriesTest, ReadsMinutesGluedToTheirHour) {
  std::string text = "Date,Time,x\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("2023-01-{:02},{},{}\n", i / 48 + 1, i % 48 / 2 * 100 + i % 2 * 30, i);
  const TimeSeries series = read(text);
  EXPECT_EQ(series.calendar.step.name(), "30 minutes");
  EXPECT_EQ(series.label(19), "2023-01-01 09:30");
  EXPECT_EQ(series.format_time(series.time_after(1)), "2023-01-03 02:00");
}

TEST_F(TimeSeriesTest, TakesNoKeyForATime) {
  EXPECT_EQ(read("id,x\n1700000001,1\n1700000002,2\n1700000003,3\n").time_column, "");
  EXPECT_EQ(read("id,x\n20240101,1\n20249999,2\n20240103,3\n").time_column, "");
  // One date that all rows have tells nothing of their order.
  std::string constant = "date,x\n";
  for (int i = 0; i < 20; ++i) constant += "2024-01-01,1\n";
  EXPECT_EQ(read(constant).time_column, "");
}

TEST_F(TimeSeriesTest, RefusesOffsetsInSomeRowsOnly) {
  EXPECT_EQ(error("a,x\n2026-04-18 21:00Z,1\n2026-04-18 22:00Z,1\n2026-04-18 23:00,1\n").message(),
            "data.csv:4: column \"a\": \"2026-04-18 23:00\" has no offset from UTC, rows before it "
            "have one");
}

TEST_F(TimeSeriesTest, TellsTimesByTheClockOfTheirOffsets) {
  // Over the end of summer time and on; the clock shows 2 o'clock twice.
  std::string text = "when,x\n";
  for (int i = 0; i < 48; ++i) {
    const std::int32_t offset = i < 27 ? 39600 : 36000;
    text += format_timestamp(
                Timestamp{*parse_timestamp("2026-04-03 13:00") + std::int64_t{3600} * i + offset,
                          offset},
                {.seconds = true, .offset = "+00:00"}, false) +
            "," + std::to_string(i) + "\n";
  }
  const TimeSeries series = read(text);
  EXPECT_EQ(series.label(0), "2026-04-04 00:00:00+11:00");
  EXPECT_EQ(series.label(25), "2026-04-05 01:00:00+11:00");
  EXPECT_EQ(series.label(26), "2026-04-05 02:00:00+10:00");
  EXPECT_EQ(series.at(26, 0), 26.5);
  EXPECT_EQ(series.rows(), 47);
  EXPECT_EQ(series.format_time(series.time_after(1)), "2026-04-05 23:00:00+10:00");
  EXPECT_EQ(clock_time(series.times[26]).hour, 2.0);
  ASSERT_EQ(series.notes.size(), 1U);
  // As models that were made before had it.
  const TimeSeries utc = read(text, {.columns = {"x"}, .utc = true});
  EXPECT_EQ(utc.rows(), 48);
  EXPECT_EQ(utc.label(0), "2026-04-03 13:00:00+00:00");
}

TEST_F(TimeSeriesTest, TellsTimesOfManyClocksByTheLastOnes) {
  const TimeSeries series = read(
      "t,x\n2026-04-18 10:00Z,1\n2026-04-18 13:00+02:00,2\n2026-04-18 12:00Z,3\n"
      "2026-04-18 15:00+02:00,4\n");
  EXPECT_EQ(series.values, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(series.format_time(series.time_after(1)), "2026-04-18 16:00+02:00");
}

// ---- clock changes

TEST_F(TimeSeriesTest, AveragesTheHourThatClocksShowTwiceInFilesOfAnyLengthAndStep) {
  for (const std::string at : {"2025-10-26 02:00", "2026-04-05 02:00", "2024-11-03 01:00"}) {
    for (const std::int64_t step : {900, 1800, 3600}) {
      const std::int64_t an_hour = 3600 / step;
      for (const std::int64_t before : {an_hour, 5 * an_hour, 300 * an_hour}) {
        for (const bool beside : {false, true}) {
          // One pass behind the other, or row beside row.
          std::string text = "when,x\n";
          const std::int64_t change = *parse_timestamp(at);
          for (std::int64_t i = -before; i < 20 * an_hour; ++i) {
            const std::string time = format_timestamp(change + i * step, false);
            text += time + ",1\n";
            if (beside && i >= 0 && i < an_hour) text += time + ",3\n";
            if (beside || i != an_hour - 1) continue;
            for (std::int64_t k = 0; k < an_hour; ++k)
              text += format_timestamp(change + k * step, false) + ",3\n";
          }
          const TimeSeries series = read(text);
          EXPECT_EQ(series.rows(), before + 20 * an_hour) << at << " " << step;
          EXPECT_EQ(series.at(before, 0), 2.0) << at << " " << step;
          EXPECT_EQ(series.at(before + an_hour - 1, 0), 2.0);
          EXPECT_EQ(series.at(before + an_hour, 0), 1.0);
          ASSERT_EQ(series.notes.size(), 1U);
          EXPECT_NE(series.notes[0].find("as clocks were set back"), std::string::npos);
        }
      }
    }
  }
}

// Rows that are called by the end of their time: 02:15 to 03:00 twice.
TEST_F(TimeSeriesTest, AveragesTheHourWhoseRowsAreNamedByTheirEnd) {
  for (const std::int64_t step : {300, 900, 1800, 3600}) {
    for (const bool beside : {false, true}) {
      const std::int64_t an_hour = 3600 / step;
      std::string text = "when,x\n";
      const std::int64_t change = *parse_timestamp("2025-10-26 02:00");
      const auto add = [&](std::int64_t i, int value) {
        text += format_timestamp(change + i * step, false) + "," + std::to_string(value) + "\n";
      };
      for (std::int64_t i = -20; i <= 60; ++i) {
        add(i, 1);
        if (beside && i > 0 && i <= an_hour) add(i, 3);
        if (beside || i != an_hour) continue;
        for (std::int64_t k = 1; k <= an_hour; ++k) add(k, 3);
      }
      const TimeSeries series = read(text);
      EXPECT_EQ(series.rows(), 81) << step;
      EXPECT_EQ(series.at(20, 0), 1.0) << step;
      EXPECT_EQ(series.at(21, 0), 2.0) << step;
      EXPECT_EQ(series.at(20 + an_hour, 0), 2.0) << step;
    }
  }
}

TEST_F(TimeSeriesTest, PutsTheHourInThatClocksSkip) {
  for (const std::int64_t step : {900, 1800, 3600}) {
    std::string text = "when,x\n";
    for (std::int64_t i = 0; i < 48 * 3600 / step; ++i) {
      const std::int64_t time = *parse_timestamp("2025-03-29 00:00") + i * step;
      if (time >= *parse_timestamp("2025-03-30 02:00") &&
          time < *parse_timestamp("2025-03-30 03:00"))
        continue;
      text += format_timestamp(time, false) + ",1\n";
    }
    EXPECT_EQ(read(text).rows(), 48 * 3600 / step);
  }
}

TEST_F(TimeSeriesTest, RefusesDoublesThatAreNoChangeOfClocks) {
  const auto hours = [](const std::string& doubled, int count) {
    std::string text = "when,x\n";
    for (int i = 0; i < count; ++i) {
      const std::string time =
          format_timestamp(*parse_timestamp("2025-10-10 00:00") + std::int64_t{3600} * i, false);
      text += time + ",1\n";
      if (doubled.find(time) != std::string::npos) text += time + ",3\n";
    }
    return text;
  };
  for (const std::string doubled :
       {"2025-10-22 02:00", "2025-10-26 14:00", "2025-10-19 02:00,2025-10-26 02:00",
        "2025-12-28 02:00", "2025-10-26 02:00,2025-10-26 03:00"}) {
    EXPECT_NE(error(hours(doubled, 3000)).message().find("stands there twice"), std::string::npos)
        << doubled;
  }
  EXPECT_EQ(read(hours("2025-10-26 02:00", 3000)).rows(), 3000);
  // A quarter of an hour alone, and an hour three times.
  EXPECT_THROW(read("when,x\n2025-10-26 01:30,1\n2025-10-26 01:45,1\n2025-10-26 02:00,1\n"
                    "2025-10-26 02:15,1\n2025-10-26 02:15,1\n2025-10-26 02:30,1\n"
                    "2025-10-26 02:45,1\n2025-10-26 03:00,1\n"),
               Error);
  EXPECT_THROW(read("when,x\n2025-10-26 01:00,1\n2025-10-26 02:00,1\n2025-10-26 02:00,1\n"
                    "2025-10-26 02:00,1\n2025-10-26 03:00,1\n"),
               Error);
}

// ---- several series in one file

class Panel : public TimeSeriesTest {
 protected:
  // Rows of each day beside one another, or one shop below the other.
  static std::string shops(bool in_blocks, int days = 60) {
    std::string text = "date,shop,price,sales\n";
    for (int i = 0; i < 3 * days; ++i) {
      const int day = in_blocks ? i % days : i / 3;
      const int shop = in_blocks ? i / days : i % 3;
      text += fmt::format("{},{},{}.5,{}\n", format_timestamp(std::int64_t{86400} * day, true),
                          "ABC"[shop], day % 4, 100 * shop + day);
    }
    return text;
  }
};

TEST_F(Panel, NamesTheColumnThatTellsSeriesApart) {
  for (const bool in_blocks : {false, true}) {
    for (const bool sort : {false, true}) {
      const Error many = error(shops(in_blocks), {.columns = {"sales"}, .sort = sort});
      EXPECT_NE(
          many.message().find("stands there twice in column \"date\" (120 of 180 rows repeat "
                              "a time): 3 series, which column \"shop\" distinguishes (\"A\", "
                              "\"B\", \"C\")"),
          std::string::npos)
          << many.message();
      EXPECT_NE(many.hint().find("--where shop=A"), std::string::npos) << many.hint();
    }
    const TimeSeries one = read(shops(in_blocks), {.columns = {"sales"}, .where = {{"shop", "B"}}});
    EXPECT_EQ(one.rows(), 60);
    EXPECT_EQ(one.at(59, 0), 159.0);
    EXPECT_EQ(one.notes,
              (std::vector<std::string>{"60 of 180 rows are read, where shop is \"B\""}));
    const TimeSeries mean =
        read(shops(in_blocks), {.columns = {"sales"}, .sort = true, .average_doubles = true});
    EXPECT_EQ(mean.at(59, 0), 159.0);
  }
}

TEST_F(Panel, NamesTwoColumnsWhereItTakesTwo) {
  std::string text = "date,shop,item,sales\n";
  for (int i = 0; i < 240; ++i)
    text += fmt::format("{},{},{},{}\n", format_timestamp(std::int64_t{86400} * (i / 6), true),
                        "AB"[i % 2], i % 6 / 2, i);
  const Error many = error(text, {.columns = {"sales"}});
  EXPECT_NE(many.message().find("6 series, which columns \"shop\" and \"item\" distinguish"),
            std::string::npos)
      << many.message();
  EXPECT_NE(many.hint().find("--where shop=A,item=0"), std::string::npos) << many.hint();
  EXPECT_EQ(read(text, {.columns = {"sales"}, .where = {{"item", "2"}, {"shop", "B"}}}).rows(), 40);
}

TEST_F(Panel, MayHaveSeriesOfOtherLengths) {
  // A shop that opened late, below one that is older, or beside it.
  for (const bool beside : {false, true}) {
    std::string text = "shop,date,rain,sales\n";
    const auto row = [&](const char* shop, int day) {
      text += fmt::format("{},{},{},{}\n", shop, format_timestamp(std::int64_t{86400} * day, true),
                          day * 7 % 5, day);
    };
    for (int day = 0; day < 200; ++day) {
      row("old", day);
      if (beside && day >= 180) row("new", day);
    }
    for (int day = 180; day < 200 && !beside; ++day) row("new", day);
    EXPECT_NE(
        error(text, {.columns = {"sales"}}).message().find("which column \"shop\" distinguishes"),
        std::string::npos)
        << error(text, {.columns = {"sales"}}).message();
  }
}

TEST_F(Panel, MayHaveTheTimeOfDayInAColumnOfItsOwn) {
  std::string text = "Date,Hour,zone,x\n";
  for (int i = 0; i < 300; ++i)
    text += fmt::format("2023-03-{:02},{},{},{}\n", i / 72 + 1, i / 3 % 24, "ABC"[i % 3], i);
  EXPECT_NE(error(text).message().find("in column \"Date,Hour\" (200 of 300 rows repeat a time): 3 "
                                       "series, which column \"zone\" distinguishes"),
            std::string::npos)
      << error(text).message();
  EXPECT_EQ(read(text, {.columns = {"x"}, .where = {{"zone", "B"}}}).calendar.step.name(), "hour");
}

TEST_F(Panel, IsNotWhatDoubledRowsAre) {
  std::string text = "date,wind,sales\n";
  for (int day = 0; day < 200; ++day) {
    const std::string date = format_timestamp(std::int64_t{86400} * day, true);
    text += fmt::format("{},{},{}\n", date, day * 7 % 16, day);
    if (day % 10 == 3) text += fmt::format("{},{},{}\n", date, (day * 7 + 5) % 16, day);
  }
  const Error doubled = error(text, {.columns = {"sales"}});
  EXPECT_EQ(doubled.message().find("apart"), std::string::npos) << doubled.message();
  EXPECT_NE(doubled.hint().find("remove the doubled rows"), std::string::npos);
}

TEST_F(Panel, OfYearsIsNoneOfRows) {
  std::string text = "year,country,x\n";
  for (int i = 0; i < 120; ++i) text += fmt::format("{},{},{}\n", 1990 + i / 4, "abcd"[i % 4], i);
  EXPECT_NE(error(text).message().find("4 series, which column \"country\" distinguishes"),
            std::string::npos);
}

TEST_F(Panel, ReadsTheSeriesThatAModelWasLearntFrom) {
  const TimeSeriesOptions usual{.columns = {"sales"}, .usual = {.where = {{"shop", "C"}}}};
  EXPECT_EQ(read(shops(false), usual).at(0, 0), 200.0);
  EXPECT_EQ(read("date,sales\n2024-01-01,1\n2024-01-02,2\n", usual).rows(), 2);
}

TEST_F(Panel, SaysWhichCellsThereAre) {
  const Error none = error(shops(false), {.columns = {"sales"}, .where = {{"shop", "D"}}});
  EXPECT_EQ(none.message(),
            "data.csv: no row has \"D\" in column \"shop\"; it holds \"A\", \"B\", \"C\"");
  EXPECT_THROW(read(shops(false), {.columns = {"sales"}, .where = {{"shup", "A"}}}), Error);
}

// ---- what points and commas mean

class Marks : public TimeSeriesTest {
 protected:
  TimeSeries one(const std::string& cell, const TimeSeriesOptions& options = {.columns = {"x"}}) {
    return read("date;x\n2024-01-01;" + cell + "\n2024-01-02;" + cell + "\n", options);
  }
};

TEST_F(Marks, AreReadWhereTheyCanMeanOneThing) {
  for (const auto& [cell, value] : std::vector<std::pair<std::string, double>>{
           {"1.298,23", 1298.23},
           {"1.298.000", 1298000},
           {"1,288.67", 1288.67},
           {"1,234,567", 1234567},
           {"12,34,567.8", 1234567.8},
           {"-1.298,5", -1298.5},
           {"+1.298,5", 1298.5},
           {"0,125", 0.125},
           {"0.125", 0.125},
           {"1298.125", 1298.125},
           {"1298,125", 1298.125},
           {"1 288,67", 1288.67},
           {"1\u00a0288,67", 1288.67},
           {"1\u202f288", 1288},
           {"1'288.67", 1288.67},
           {"1\u2019288'000.5", 1288000.5},
           {"\u22125,5", -5.5},
           {"12,4", 12.4},
           {"1e3", 1000},
           {"1,5e3", 1500},
       }) {
    EXPECT_EQ(one(cell).at(0, 0), value) << cell;
  }
}

TEST_F(Marks, OutOfPlaceAreRefused) {
  for (const std::string cell :
       {"1.29.8", "1,2,3",     "1.2345,5", "12345.678,5", "1,288.67.1", "1.298,23,1", "1 28",
        "1  288", "1'28",      "'288",     "288'",        "1 288'000",  "1,288'000",  ",",
        ".",      "1.298,5e3", "12%",      "5 \u20ac",    "$5",         "(5)",        "5-",
        "--5",    "+-5",       "01.234,5", "0x10",        "1_000"}) {
    const Error none = error("date;x\n2024-01-01;" + cell + "\n");
    EXPECT_EQ(none.message(), "data.csv:2: column \"x\": \"" + cell + "\" is not a number");
  }
  EXPECT_EQ(error("date;x\n2024-01-01;1.298,23 \u20ac\n").hint(),
            "numbers are written without units: take \"\u20ac\" out");
}

TEST_F(Marks, ThatMayBeEitherAreAnErrorThatShowsBoth) {
  const std::string german = "Datum;x\n01.03.2023;1.298\n02.03.2023;906\n03.03.2023;2.006\n";
  const Error open = error(german);
  EXPECT_EQ(open.message(),
            "data.csv:2: column \"x\": \"1.298\" can be 1.298 or 1298, and no cell shows which");
  EXPECT_NE(open.hint().find("--thousands ."), std::string::npos);
  EXPECT_EQ(read(german, {.columns = {"x"}, .decimal = ','}).at(0, 0), 1298.0);
  EXPECT_EQ(read(german, {.columns = {"x"}, .thousands = "."}).at(0, 0), 1298.0);
  EXPECT_EQ(read(german, {.columns = {"x"}, .decimal = '.'}).at(0, 0), 1.298);
  EXPECT_EQ(read(german, {.columns = {"x"}, .thousands = "none"}).at(0, 0), 1.298);
  EXPECT_EQ(read(german, {.columns = {"x"}, .usual = {.decimal = ','}}).at(0, 0), 1298.0);
  // A cell that can be one thing alone tells of all.
  EXPECT_EQ(read(german + "04.03.2023;1.298,5\n").at(0, 0), 1298.0);
  EXPECT_EQ(read(german + "04.03.2023;1.298.000\n").at(0, 0), 1298.0);
  EXPECT_EQ(read(german + "04.03.2023;0.5\n").at(0, 0), 1.298);
  EXPECT_EQ(read(german + "04.03.2023;1298\n").at(0, 0), 1.298);
  // So does another column.
  EXPECT_EQ(read("Datum;y;x\n01.03.2023;0,5;1.298\n02.03.2023;0,7;906\n").at(0, 0), 1298.0);
  EXPECT_EQ(read("Datum;y;x\n01.03.2023;0.5;1.298\n02.03.2023;0.7;906\n").at(0, 0), 1.298);
  const Error mixed = error("d;x\n2023-03-01;1,5\n2023-03-02;1.5\n");
  EXPECT_EQ(mixed.message(),
            "data.csv:3: column \"x\": \"1.5\" is not a number with decimal "
            "commas, as in \"1,5\" in line 2");
}

TEST_F(Marks, OfThreeDigitsEverywhereAreDecimalsUnlessTheFileIsOfACountryOfPoints) {
  EXPECT_EQ(read("date,x\n2023-03-01,30.531\n2023-03-02,27.787\n").at(0, 0), 30.531);
  EXPECT_THROW(read("date,x\n01.03.2023,30.531\n02.03.2023,27.787\n"), Error);
  const TimeSeries points = read("date;x\n2023-03-01;30.531\n2023-03-02;27.787\n");
  EXPECT_EQ(points.at(0, 0), 30.531);
  EXPECT_EQ(points.notes.front(),
            "\"30.531\" in line 2 is read as 30.531; if it is 30531, give --decimal ,");
  const TimeSeries commas = read("date;x\n2023-03-01;30,531\n2023-03-02;27,787\n");
  EXPECT_EQ(commas.at(0, 0), 30.531);
  EXPECT_EQ(commas.notes.front(),
            "\"30,531\" in line 2 is read as 30.531; if it is 30531, give --decimal .");
  const TimeSeries quoted = read("date,x\n2023-03-01,\"1,288\"\n2023-03-02,906\n");
  EXPECT_EQ(quoted.at(0, 0), 1288.0);
  EXPECT_EQ(quoted.notes.front(),
            "\"1,288\" in line 2 is read as 1288; if it is 1.288, give --decimal ,");
}

TEST_F(Marks, OfACovariateSayNothingOfTheTarget) {
  const TimeSeries series =
      read("date,x,y\n2023-03-01,30.531,120\n2023-03-02,27.787,90\n", {.columns = {"x", "y"}});
  EXPECT_EQ(series.at(0, 0), 30.531);
}

TEST_F(TimeSeriesTest, ReadsOneColumnOfDecimalCommas) {
  EXPECT_EQ(read("x\n47,72\n51,77\n", {.columns = {"x"}, .decimal = ','}).values,
            (std::vector<double>{47.72, 51.77}));
  EXPECT_EQ(read("x\n47,72\n51,77\n", {.columns = {"x"}, .usual = {.decimal = ','}}).at(1, 0),
            51.77);
  EXPECT_EQ(read("x,y\n47.72,1\n5.77,2\n", {.columns = {"x"}, .usual = {.decimal = ','}}).at(1, 0),
            5.77);
  const Error commas = error("x\n47,72\n51,77\n");
  EXPECT_EQ(commas.message(), "data.csv:2: 2 cells, the first line has 1");
  EXPECT_EQ(commas.hint(), "if the comma marks decimals, give --decimal ,");
  EXPECT_EQ(read("x\ty\n47,72\t1\n51,77\t2\n", {.columns = {"x"}, .decimal = ','}).at(1, 0), 51.77);
  EXPECT_EQ(read("x,y\n\"47,72\",1\n\"51,77\",2\n", {.columns = {"x"}, .decimal = ','}).at(1, 0),
            51.77);
}

// Random times written in random ways are read as they were, and the next row follows.
TEST_F(TimeSeriesTest, ReadsBackWhatIsWritten) {
  const Random random(21);
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const auto draw = [&](std::uint64_t what, std::uint64_t bound) {
      return random.below(bound, seed, what);
    };
    const std::vector<TimeStep> steps{{900, 0},      {1800, 0},  {3600, 0},
                                      {6 * 3600, 0}, {86400, 0}, {7 * 86400, 0},
                                      {0, 1},        {0, 3},     {0, 12}};
    const TimeStep step = steps[draw(0, steps.size())];
    const int count = 40 + static_cast<int>(draw(1, 400));
    std::int64_t start =
        *parse_timestamp("1995-01-01") + static_cast<std::int64_t>(draw(2, 9000)) * 86400;
    if (step.months > 0) start -= (clock_time(start).day - 1) * std::int64_t{86400};
    const bool dates_alone = step.months > 0 || step.seconds % 86400 == 0;
    const std::vector<std::string> forms{"{0}-{1:02}-{2:02}", "{2:02}/{1:02}/{0}", "{1}/{2}/{0}",
                                         "{2:02}.{1:02}.{0}", "{2}.{1}.{3:02}",    "{2}-{4}-{0}",
                                         "{4} {2}, {0}",      "{0}/{1}/{2}"};
    std::string form = forms[draw(3, forms.size())];
    // Two digits tell a hundred years.
    if (form.find("{3") != std::string::npos && step.months > 1) form = forms[0];
    const std::string of_day = std::vector<std::string>{" {5:02}:{6:02}", "T{5:02}:{6:02}:00",
                                                        " {7}:{6:02} {8}"}[draw(4, 3)];
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto write = [&](std::int64_t time) {
      const ClockTime clock = clock_time(time);
      const int minutes = static_cast<int>(clock.hour * 60.0 + 0.5);
      const int hour = minutes / 60;
      return "\"" +
             fmt::format(fmt::runtime(form + (dates_alone ? "" : of_day)), clock.year, clock.month,
                         clock.day, clock.year % 100,
                         months[static_cast<std::size_t>(clock.month) - 1], hour, minutes % 60,
                         hour % 12 == 0 ? 12 : hour % 12, hour < 12 ? "AM" : "PM") +
             "\"";
    };
    const std::string text = rows_of(count, step, start, write);
    TimeSeries series;
    try {
      series = read(text);
    } catch (const Error& open) {
      // Only what may really be two things is left open.
      ASSERT_NE(std::string(open.message()).find("can be"), std::string::npos)
          << open.message() << form << step.name();
      series = read(
          text, {.columns = {"x"},
                 .dates = form.starts_with("{1}") ? DateOrder::month_first : DateOrder::day_first});
    }
    ASSERT_EQ(series.rows(), count) << form << of_day << step.name();
    EXPECT_EQ(series.calendar.step.name(), step.name());
    for (int i = 0; i < count; ++i)
      ASSERT_EQ(series.times[static_cast<std::size_t>(i)], step.after(start, i)) << form << of_day;
    EXPECT_EQ(series.time_after(1), step.after(start, count));
  }
}

// Damaged files are an Error or are read; nothing else happens.
TEST_F(TimeSeriesTest, TakesAnyBytes) {
  const Random random(22);
  const std::string whole =
      "date;shop;x\n01/02/2024 10:00+01:00;A;1.298,5\n01/02/2024 11:00+01:00;"
      "A;\"2.006\"\n13/02/2024 12:00+01:00;B;906\n2024-W01;A;1,5\n";
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::string text = whole;
    for (std::uint64_t change = 0; change < 1 + random.below(4, i, 0); ++change) {
      const auto at = static_cast<std::size_t>(random.below(text.size(), i, 3 * change + 1));
      const std::uint64_t kind = random.below(3, i, 3 * change + 2);
      if (kind == 0) text.erase(at, 1 + random.below(9, i, 3 * change + 3));
      if (kind == 1) text.insert(at, text.substr(random.below(text.size(), i, 900 + change), 9));
      if (kind == 2) text[at] = static_cast<char>(random.below(256, i, 3 * change + 3));
    }
    try {
      read(text, {.columns = {"x"}, .sort = i % 2 == 0, .average_doubles = i % 3 == 0});
    } catch (const Error& refused) {
      EXPECT_FALSE(refused.message().empty());
    }
  }
}

TEST(Calendar, TellsWhatTheStepLeavesToTell) {
  const auto width = [](const TimeStep& step, bool year) {
    return calendar_names(step, year).size();
  };
  EXPECT_EQ(width({3600, 0}, true), 2U * (4 + 3 + 2));
  EXPECT_EQ(width({86400, 0}, false), 2U * 3);
  EXPECT_EQ(width({0, 1}, true), 2U * 4);
  EXPECT_EQ(width({0, 12}, true), 0U);
  const std::vector<std::int64_t> times{0, 21600};
  const std::vector<float> values = calendar(times, {3600, 0}, false);
  ASSERT_EQ(values.size(), 2U * 14);
  EXPECT_NEAR(values[0], 0.0, 1e-6);  // midnight
  EXPECT_NEAR(values[1], 1.0, 1e-6);
  EXPECT_NEAR(values[14], 1.0, 1e-6);  // six in the morning
}

}  // namespace
}  // namespace chronicler::data
