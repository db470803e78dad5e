#include "chronicler/data/timestamp.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::data {
namespace {

std::string shown(std::string_view text, std::optional<DateOrder> order = {}) {
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

TEST(Timestamp, ReadsNamesQuartersWeeksAndOffsets) {
  for (const std::string text :
       {"31-Mar-2024",   "31 March 2024",      "March 31, 2024",    "Mar 31 2024",
        "Mar. 31, 2024", "31. M\u00e4rz 2024", "31.M\u00c4RZ.2024", "31Mar2024",
        "31/Mar/2024",   "2024-Mar-31",        "Sun, 31 Mar 2024",  "31-Mar-24",
        "So, 31.3.2024", "31.03.24",           "2024-W13-7",        "2024W137",
        "20240331",      "31-03-2024",         "1711843200000000",  "1711843200000000000"}) {
    EXPECT_EQ(shown(text, DateOrder::day_first), "2024-03-31 00:00") << text;
  }
  for (const std::string text : {"31/Mar/2024:14:05:00 +0000",
                                 "31MAR2024:14:05:00",
                                 "20240331T1405",
                                 "20240331T140500Z",
                                 "20240331 14:05",
                                 "20240331140500",
                                 "202403311405",
                                 "31.03.2024 14:05 - 31.03.2024 15:05",
                                 "2024-03-31 14:05:00 \u2013 2024-03-31 15:00",
                                 "2024-03-31 14h05",
                                 "3/31/2024, 2:05:00 PM",
                                 "3/31/2024, 2:05:00\u202fPM",
                                 "3/31/2024 2:05 p.m.",
                                 "2024-03-31 14:05:00,250",
                                 "31 Mar 2024 14:05:00 GMT",
                                 "2024-03-31 14:05:00 UTC",
                                 "2024-03-31 14:05:00 +00:00",
                                 "2024-03-31T10:05:00-0400",
                                 "2024-03-31T19:35+05:30",
                                 "2024-03-31T15:05:00+01",
                                 "31.3.2024 14.05"}) {
    EXPECT_EQ(shown(text), "2024-03-31 14:05") << text;
  }
  for (const std::string text :
       {"1980Q2",         "1980-Q2",  "1980 Q2",  "Q2 1980",    "Q2-1980",        "Q2/80",
        "2Q1980",         "2Q 80",    "1980:Q2",  "1980q2",     "1980-04",        "04/1980",
        "198004",         "1980M04",  "1980-M04", "1980 Qtr 2", "Quarter 2 1980", "2. Quartal 1980",
        "Quartal 2/1980", "Apr 1980", "April-80", "1980 Apr",   "1980.25",        "04.1980"}) {
    EXPECT_EQ(shown(text), "1980-04-01 00:00") << text;
  }
  EXPECT_EQ(shown("2018-W01"), "2018-01-01 00:00");
  EXPECT_EQ(shown("2018H2"), "2018-07-01 00:00");
  EXPECT_EQ(shown("H1 2018"), "2018-01-01 00:00");
  EXPECT_EQ(shown("2021-W01"), "2021-01-04 00:00");
  EXPECT_EQ(shown("2020W53"), "2020-12-28 00:00");
  EXPECT_EQ(shown("W01 2018"), "2018-01-01 00:00");
  EXPECT_EQ(shown("2024-03-31 24:00"), "2024-04-01 00:00");
  EXPECT_EQ(shown("1/2/69", DateOrder::day_first), "1969-02-01 00:00");
  EXPECT_EQ(shown("1/2/68", DateOrder::day_first), "2068-02-01 00:00");
  EXPECT_EQ(shown("01/02/03", DateOrder::day_first), "2003-02-01 00:00");
  EXPECT_EQ(shown("01/02/03", DateOrder::month_first), "2003-01-02 00:00");
  EXPECT_EQ(shown("01/02/03", DateOrder::year_first), "2001-02-03 00:00");
}

TEST(Timestamp, RefusesNamesQuartersWeeksAndOffsetsThatAreNone) {
  for (const std::string text : {"2019-W54",
                                 "2019-W53",
                                 "2019-W00",
                                 "2019-W01-8",
                                 "2019-W01-0",
                                 "1980Q5",
                                 "1980H3",
                                 "1980M13",
                                 "1980M1",
                                 "199013",
                                 "180004",

                                 "31.03.2024 14:05 - soon",
                                 "31.03.2024 14:05 - 31.03.2024 15:05 - 31.03.2024 16:05",
                                 "1980Q0",
                                 "Q1",
                                 "Q 1980",
                                 "QQ1 1980",
                                 "5Q1980",
                                 "31 Foo 2024",
                                 "31-Feb-2024",
                                 "Mar",
                                 "Mar 5",
                                 "00-Jan-2019",
                                 "2024-03-31 24:05",
                                 "2024-03-31 13:05 PM",
                                 "2024-03-31 0:05 AM",
                                 "2024-03-31 14:05+25:00",
                                 "2024-03-31 14:05+02:60",
                                 "2024-03-31 14:05+2",
                                 "2024-03-31 14:05Zx",
                                 "2024-03-31+02:00",
                                 "2024-03-31T",
                                 "1/2/3/4",
                                 "1//2/2024",
                                 "1/2-2024",
                                 "-1/2/2024",
                                 "20240231",
                                 "20241301T00",
                                 "99999999999999999999",
                                 "1e9",
                                 "1.2.3.4",
                                 "12:30",
                                 "2024-03-31 14:05:61",
                                 "\xff\xfe",
                                 "M\u00e4r",
                                 "2019-W",
                                 "W",
                                 "Q",
                                 "T",
                                 ":",
                                 "1Q",
                                 "01 01 2019",
                                 "2024-3-31-1"}) {
    EXPECT_EQ(shown(text), "none") << text;
    for (const DateOrder order : {DateOrder::day_first, DateOrder::year_first})
      EXPECT_EQ(shown(text, order), "none") << text;
  }
}

TEST(Timestamp, ComesOutInTheStyleItCameIn) {
  for (const std::string text : {"2024-03-31 14:05:00+10:00",
                                 "2024-03-31T14:05:00Z",
                                 "2024-03-31T14:05:00",
                                 "2024-03-31",
                                 "2024-03-31 14:05",
                                 "2024-03-31 14:05:07",
                                 "2024-03-31T14:05-0330",
                                 "2024-03-31 14:05+02",
                                 "2024-03-31 14:05 +02:00",
                                 "2024-03-31 14:05:00 UTC",
                                 "1980Q1",
                                 "1980-Q1",
                                 "Q1 1980",
                                 "1Q80",
                                 "1. Quartal 1980",
                                 "2018H2",
                                 "2018M07",
                                 "2018-W01",
                                 "2018W01",
                                 "2018-W01-3",
                                 "2018W013",
                                 "1711893900",
                                 "1711893900000",
                                 "1711893900000000000"}) {
    TimestampStyle style;
    const auto time = read_timestamp(text, DateOrder::day_first, &style);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_timestamp(*time, style, true), text);
  }
  TimestampStyle style;
  ASSERT_TRUE(read_timestamp("2020-12-31 23:00Z", DateOrder::day_first, &style));
  EXPECT_EQ(format_timestamp(Timestamp{0, 3600}, style, false), "1970-01-01 00:00+01:00");
  ASSERT_TRUE(read_timestamp("2020-12-31 23:00 UTC", DateOrder::day_first, &style));
  EXPECT_EQ(format_timestamp(Timestamp{0, -5400}, style, false), "1970-01-01 00:00 UTC-01:30");
  ASSERT_TRUE(read_timestamp("2020-W53", DateOrder::day_first, &style));
  EXPECT_EQ(format_timestamp(Timestamp{*parse_timestamp("2021-01-04")}, style, true), "2021-W01");
}

// Whatever is written in one of the ways that dates have is read as it was.
TEST(Timestamp, ReadsBackWhatIsWritten) {
  const Random random(16);
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto days = static_cast<std::int64_t>(random.uniform(0, i) * 36000.0);  // to 2068
    const auto minutes = static_cast<std::int64_t>(random.uniform(1, i) * 1440.0);
    const std::int64_t time = days * 86400 + minutes * 60;
    const ClockTime clock = clock_time(time);
    const int hour = static_cast<int>(minutes / 60);
    const int minute = static_cast<int>(minutes % 60);
    const std::string of_day = fmt::format("{:02}:{:02}", hour, minute);
    const std::string half = fmt::format("{}:{:02} {}", hour % 12 == 0 ? 12 : hour % 12, minute,
                                         hour < 12 ? "AM" : "PM");
    for (const std::string mark : {"/", ".", "-"}) {
      for (const bool padded : {true, false}) {
        const std::string day = fmt::format(fmt::runtime(padded ? "{:02}" : "{}"), clock.day);
        const std::string month = fmt::format(fmt::runtime(padded ? "{:02}" : "{}"), clock.month);
        const std::string year = std::to_string(clock.year);
        for (const std::string& shown_time : {of_day, half, of_day + ":00"}) {
          const auto read = [&](const std::string& a, const std::string& b, const std::string& c,
                                DateOrder order) {
            const std::string text = a + mark + b + mark + c + " " + shown_time;
            const auto found = parse_timestamp(text, order);
            ASSERT_TRUE(found) << text;
            EXPECT_EQ(*found, time) << text;
          };
          read(day, month, year, DateOrder::day_first);
          read(month, day, year, DateOrder::month_first);
          read(year, month, day, DateOrder::day_first);
          read(day, months[static_cast<std::size_t>(clock.month - 1)], year,
               DateOrder::month_first);
          if (time % 7 != 0) continue;
          const std::string two = fmt::format("{:02}", clock.year % 100);
          if (clock.year < 1970) continue;
          read(day, month, two, DateOrder::day_first);
          read(month, day, two, DateOrder::month_first);
          read(two, month, day, DateOrder::year_first);
        }
      }
    }
  }
}

// No bytes make it crash, and what it reads is a day that there is.
TEST(Timestamp, TakesAnyBytes) {
  const Random random(17);
  constexpr std::string_view bytes = "0123456789-/. :,TZQWq+MarPmjn\xC3\xA4\xE2\x80\xAF\xff";
  for (std::uint64_t i = 0; i < 50000; ++i) {
    std::string text;
    const auto length = static_cast<std::size_t>(random.uniform(0, i) * 24.0);
    for (std::uint64_t k = 0; k < length; ++k)
      text += bytes[static_cast<std::size_t>(random.uniform(i + 1, k) *
                                             static_cast<float>(bytes.size()))];
    for (const DateOrder order :
         {DateOrder::day_first, DateOrder::month_first, DateOrder::year_first}) {
      TimestampStyle style;
      const auto time = read_timestamp(text, order, &style);
      if (!time) continue;
      EXPECT_FALSE(format_timestamp(*time, style, true).empty());
    }
  }
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
