#include "chronicler/data/time_series.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
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
