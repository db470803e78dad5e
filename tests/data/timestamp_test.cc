#include "chronicler/data/timestamp.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler::data {
namespace {

std::string shown(std::string_view text, DateOrder order = DateOrder::month_first) {
  const auto time = parse_timestamp(text, order);
  return time ? format_timestamp(*time, false) : "none";
}

TEST(Timestamp, ReadsTheWaysDatesAreWritten) {
  for (const std::string text :
       {"2024-03-31 14:05", "2024-03-31T14:05:00Z", "2024-03-31 14:05:00.000", "2024/3/31 14:05",
        "31.03.2024 14:05", "3/31/2024 2:05 PM", "2024-03-31T16:05:00+02:00", "1711893900",
        "1711893900000"}) {
    EXPECT_EQ(shown(text), "2024-03-31 14:05") << text;
  }
  EXPECT_EQ(shown("31/3/2024", DateOrder::day_first), "2024-03-31 00:00");
  EXPECT_EQ(shown("20240331"), "2024-03-31 00:00");
  EXPECT_EQ(shown("1749-01"), "1749-01-01 00:00");
  EXPECT_EQ(shown("1949.08333333333"), "1949-02-01 00:00");
  EXPECT_EQ(shown("1960.25"), "1960-04-01 00:00");
  EXPECT_EQ(shown("1871"), "1871-01-01 00:00");
}

TEST(Timestamp, RefusesWhatIsNone) {
  for (const std::string text : {"", "abc", "2024-13-01", "2023-02-29", "31/31/2024", "12.5", "17",
                                 "2024-03-31x", "2024-03-31 25:00", "2024-03-31 12:61"}) {
    EXPECT_EQ(shown(text), "none") << text;
  }
}

TEST(Timestamp, FindsOutWhetherDaysOrMonthsComeFirst) {
  EXPECT_EQ(likely_date_order(std::vector<std::string>{"1/2/2024", "13/2/2024"}),
            DateOrder::day_first);
  EXPECT_EQ(likely_date_order(std::vector<std::string>{"1/2/2024", "2/13/2024"}),
            DateOrder::month_first);
}

TEST(TimeStepTest, IsTheMostCommonDistance) {
  const auto step = [](const std::vector<std::string>& texts) {
    std::vector<std::int64_t> times;
    for (const std::string& text : texts) times.push_back(*parse_timestamp(text));
    return common_step(times).name();
  };
  EXPECT_EQ(step({"2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 04:00"}),
            "hour");
  EXPECT_EQ(step({"2024-01-01 00:00", "2024-01-01 00:15", "2024-01-01 00:30"}), "15 minutes");
  EXPECT_EQ(step({"2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"}), "month");
  EXPECT_EQ(step({"2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"}), "quarter");
  EXPECT_EQ(step({"2022", "2023", "2024", "2025"}), "year");
  EXPECT_EQ(step({"2024-01-01", "2024-01-08", "2024-01-15"}), "week");
}

TEST(TimeStepTest, CountsMonthsByTheCalendar) {
  const TimeStep month{0, 1};
  const std::int64_t january = *parse_timestamp("2024-01-31");
  EXPECT_EQ(format_timestamp(month.after(january, 1), true), "2024-02-29");
  EXPECT_EQ(format_timestamp(month.after(january, 12), true), "2025-01-31");
  EXPECT_EQ(month.between(january, *parse_timestamp("2025-01-31")), 12);
}

TEST(Timestamp, KnowsTheClock) {
  const ClockTime time = clock_time(*parse_timestamp("1969-12-31 18:00"));
  EXPECT_EQ(time.year, 1969);
  EXPECT_EQ(time.weekday, 2);  // a Wednesday
  EXPECT_EQ(time.hour, 18.0);
  EXPECT_NEAR(time.year_share, 364.75 / 365.0, 1e-12);
}

}  // namespace
}  // namespace chronicler::data
