#include "chronicler/data/row_calendar.h"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace chronicler::data {
namespace {

constexpr std::int64_t one_hour = 3600;
constexpr std::int64_t one_day = 86400;

std::int64_t time_of(const std::string& text) { return *parse_timestamp(text); }

// The times from one to another, a step apart, for which `has_row` says yes.
std::vector<std::int64_t> times(const std::string& from, const std::string& to, std::int64_t step,
                                const std::function<bool(const ClockTime&)>& has_row) {
  std::vector<std::int64_t> result;
  for (std::int64_t time = time_of(from); time <= time_of(to); time += step) {
    if (has_row(clock_time(time))) result.push_back(time);
  }
  return result;
}
std::vector<std::int64_t> days(const std::string& from, const std::string& to,
                               const std::function<bool(int weekday)>& is_open) {
  return times(from, to, one_day, [&](const ClockTime& time) { return is_open(time.weekday); });
}
std::vector<std::int64_t> all_of(const std::vector<std::string>& texts) {
  std::vector<std::int64_t> result;
  for (const std::string& text : texts) result.push_back(time_of(text));
  return result;
}

std::vector<std::string> next(const RowCalendar& calendar, const std::string& time, int count) {
  std::vector<std::string> result;
  for (int step = 1; step <= count; ++step) {
    const std::int64_t at = calendar.after(time_of(time), step);
    result.push_back(format_timestamp(at, at % one_day == 0));
  }
  return result;
}
using Times = std::vector<std::string>;

TEST(RowCalendarTest, LearnsClosedDaysOfTheWeek) {
  const auto mon_sat = days("2024-01-01", "2024-03-02", [](int day) { return day != 6; });
  const RowCalendar shop = RowCalendar::learn(mon_sat);
  EXPECT_EQ(shop.sentence(), "open Monday to Saturday");
  EXPECT_EQ(next(shop, "2024-03-02", 2), (Times{"2024-03-04", "2024-03-05"}));
  EXPECT_EQ(shop.cycles(), (std::vector<std::int64_t>{6}));

  const auto sun_thu =
      days("2024-01-01", "2024-03-02", [](int day) { return day < 4 || day == 6; });
  EXPECT_EQ(RowCalendar::learn(sun_thu).sentence(), "open Sunday to Thursday");
  const auto some = days("2024-01-01", "2024-03-02", [](int day) { return day % 2 == 0; });
  EXPECT_EQ(RowCalendar::learn(some).sentence(), "open Monday, Wednesday, Friday and Sunday");
}

TEST(RowCalendarTest, LearnsMarketDaysThatNoEvenStepTells) {
  const auto market =
      days("2024-01-01", "2024-06-30", [](int day) { return day == 2 || day == 5; });
  const RowCalendar calendar = RowCalendar::learn(market);
  EXPECT_EQ(calendar.step.name(), "day");
  EXPECT_EQ(calendar.sentence(), "open Wednesday and Saturday");
  EXPECT_EQ(next(calendar, "2024-06-29", 3), (Times{"2024-07-03", "2024-07-06", "2024-07-10"}));
}

TEST(RowCalendarTest, LearnsOpeningHours) {
  const auto office =
      times("2024-01-01 00:00", "2024-03-01 23:00", one_hour, [](const ClockTime& time) {
        return time.weekday < 5 && time.hour >= 9.0 && time.hour <= 17.0;
      });
  const RowCalendar calendar = RowCalendar::learn(office);
  EXPECT_EQ(calendar.sentence(), "open 09:00 to 17:00 Monday to Friday");
  EXPECT_EQ(next(calendar, "2024-03-01 16:00", 2), (Times{"2024-03-01 17:00", "2024-03-04 09:00"}));
  EXPECT_EQ(calendar.cycles(), (std::vector<std::int64_t>{9, 45}));

  const auto nights = times("2024-01-01 00:00", "2024-02-01 23:45", one_hour / 4,
                            [](const ClockTime& t) { return t.hour >= 22.0 || t.hour < 5.0; });
  EXPECT_EQ(RowCalendar::learn(nights).sentence(), "open 22:00 to 04:45 every day");

  const auto saturdays =
      times("2024-01-01 00:00", "2024-03-01 23:00", one_hour, [](const ClockTime& t) {
        return t.weekday < 5 ? t.hour >= 8.0 && t.hour < 18.0 && t.hour != 12.0
                             : t.weekday == 5 && t.hour >= 9.0 && t.hour < 13.0;
      });
  EXPECT_EQ(RowCalendar::learn(saturdays).sentence(),
            "open 08:00 to 11:00 and 13:00 to 17:00 Monday to Friday, 09:00 to 12:00 Saturday");
}

TEST(RowCalendarTest, LearnsADayThatOpensAtHalfPast) {
  const auto exchange =
      times("2024-01-01 00:00", "2024-03-29 23:30", one_hour / 2, [](const ClockTime& t) {
        return t.weekday < 5 && (t.hour == 9.5 || (t.hour >= 10.0 && t.hour <= 16.0 &&
                                                   t.hour == static_cast<int>(t.hour)));
      });
  const RowCalendar calendar = RowCalendar::learn(exchange);
  EXPECT_EQ(next(calendar, "2024-03-28 15:00", 3),
            (Times{"2024-03-28 16:00", "2024-03-29 09:30", "2024-03-29 10:00"}));
  // Bars that begin at half past are an hour apart, and not on the hour.
  const auto bars = times("2024-01-01 00:30", "2024-03-29 23:30", one_hour, [](const ClockTime& t) {
    return t.weekday < 5 && t.hour >= 9.5 && t.hour <= 15.5;
  });
  EXPECT_EQ(next(RowCalendar::learn(bars), "2024-03-29 15:30", 1), (Times{"2024-04-01 09:30"}));
}

TEST(RowCalendarTest, IsNotMovedByExceptions) {
  auto rows = days("2022-01-01", "2024-12-31", [](int day) { return day != 0; });
  rows.insert(std::lower_bound(rows.begin(), rows.end(), time_of("2024-12-23")),
              time_of("2024-12-23"));  // one Monday
  std::erase(rows, time_of("2024-12-24"));
  std::erase(rows, time_of("2024-12-31"));  // and Tuesdays without
  const RowCalendar calendar = RowCalendar::learn(rows);
  EXPECT_EQ(calendar.sentence(), "open Tuesday to Sunday");
  EXPECT_FALSE(calendar.is_open(time_of("2024-12-23")));
  EXPECT_EQ(next(calendar, "2024-12-23", 1), (Times{"2024-12-24"}));
  EXPECT_EQ(next(calendar, "2024-12-29", 1), (Times{"2024-12-31"}));
}

TEST(RowCalendarTest, TakesNewOpeningHoursForWhatTheyAre) {
  auto rows = days("2022-01-01", "2023-12-31", [](int day) { return day != 6; });
  const auto later = days("2024-01-01", "2024-06-30", [](int day) { return day != 2; });
  rows.insert(rows.end(), later.begin(), later.end());
  EXPECT_EQ(RowCalendar::learn(rows).sentence(), "open Thursday to Tuesday");
}

TEST(RowCalendarTest, SaysNothingOfRowsAtAnyTime) {
  std::vector<std::int64_t> rows;  // about a third of the days
  std::uint64_t state = 1;
  for (std::int64_t at = 0; at < 2000; ++at) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    if ((state >> 33) % 3 == 0) rows.push_back(at * one_day);
  }
  const RowCalendar calendar = RowCalendar::learn(rows);
  EXPECT_TRUE(calendar.always_open()) << calendar.sentence();
  EXPECT_FALSE(calendar.carries_forward);
  EXPECT_TRUE(
      RowCalendar::learn(days("2024-01-01", "2024-01-09", [](int) { return true; })).is_even());
  EXPECT_TRUE(
      RowCalendar::learn(times("2024-01-01 10:00", "2024-01-02 15:00", one_hour, [](const auto&) {
        return true;
      })).is_even());
}

TEST(RowCalendarTest, KnowsWhichDayOfTheMonthRowsAreOf) {
  const auto follow = [](const Times& rows) {
    const auto all = all_of(rows);
    return next(RowCalendar::learn(all), rows.back(), 2);
  };
  EXPECT_EQ(follow({"2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29"}),
            (Times{"2024-03-31", "2024-04-30"}));
  EXPECT_EQ(follow({"2023-06-30", "2023-09-30", "2023-12-31", "2024-03-31", "2024-06-30"}),
            (Times{"2024-09-30", "2024-12-31"}));
  EXPECT_EQ(follow({"2023-11-30", "2023-12-30", "2024-01-30", "2024-02-29"}),
            (Times{"2024-03-30", "2024-04-30"}));
  EXPECT_EQ(follow({"2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"}),
            (Times{"2024-03-01", "2024-04-01"}));
  // The last working day, the first, the third Friday.
  EXPECT_EQ(follow({"2023-09-29", "2023-10-31", "2023-11-30", "2023-12-29", "2024-01-31"}),
            (Times{"2024-02-29", "2024-03-29"}));
  EXPECT_EQ(follow({"2023-09-01", "2023-10-02", "2023-11-01", "2023-12-01", "2024-01-01",
                    "2024-02-01", "2024-03-01"}),
            (Times{"2024-04-01", "2024-05-01"}));
  EXPECT_EQ(follow({"2023-09-15", "2023-10-20", "2023-11-17", "2023-12-15", "2024-01-19"}),
            (Times{"2024-02-16", "2024-03-15"}));
  EXPECT_EQ(follow({"2019-12-31", "2020-12-31", "2021-12-31", "2022-12-31"}),
            (Times{"2023-12-31", "2024-12-31"}));
}

TEST(RowCalendarTest, KnowsSeveralDaysOfTheMonth) {
  const auto rows = [](const std::function<bool(int day, bool is_last)>& has_row) {
    return times("2022-01-01", "2024-02-10", one_day, [&](const ClockTime& at) {
      const std::string first = fmt::format("{:04}-{:02}-01", at.year, at.month);
      const std::int64_t today = time_of(first) + (at.day - 1) * one_day;
      return has_row(at.day, clock_time(today + one_day).month != at.month);
    });
  };
  const auto halves = rows([](int day, bool is_last) { return day == 15 || is_last; });
  EXPECT_EQ(next(RowCalendar::learn(halves), "2024-01-31", 4),
            (Times{"2024-02-15", "2024-02-29", "2024-03-15", "2024-03-31"}));
  const auto thirds = rows([](int day, bool) { return day == 1 || day == 11 || day == 21; });
  EXPECT_EQ(next(RowCalendar::learn(thirds), "2024-02-01", 4),
            (Times{"2024-02-11", "2024-02-21", "2024-03-01", "2024-03-11"}));
  EXPECT_EQ(RowCalendar::learn(thirds).cycles(), (std::vector<std::int64_t>{3, 36}));
}

TEST(RowCalendarTest, LearnsMonthsThatAreClosed) {
  std::vector<std::int64_t> school;
  std::vector<std::int64_t> slopes;
  for (std::int64_t time = time_of("2018-09-01"); time <= time_of("2023-04-30"); time += one_day) {
    const ClockTime at = clock_time(time);
    if (at.day == 1 && at.month != 7 && at.month != 8) school.push_back(time);
    if (at.month == 12 || at.month <= 4) slopes.push_back(time);
  }
  EXPECT_EQ(RowCalendar::learn(school).sentence(), "open in September to June");
  EXPECT_EQ(next(RowCalendar::learn(school), "2023-06-01", 2), (Times{"2023-09-01", "2023-10-01"}));
  EXPECT_EQ(RowCalendar::learn(slopes).sentence(), "open in December to April");
  EXPECT_EQ(next(RowCalendar::learn(slopes), "2023-04-30", 2), (Times{"2023-12-01", "2023-12-02"}));
}

TEST(RowCalendarTest, NamesWhatIsMissing) {
  const auto office =
      times("2024-01-01 00:00", "2024-03-01 23:00", one_hour, [](const ClockTime& time) {
        return time.weekday < 5 && time.hour >= 9.0 && time.hour <= 17.0;
      });
  const RowCalendar calendar = RowCalendar::learn(office);
  const auto missing = [&](const std::string& from, const std::string& to) {
    return calendar.missing_between(time_of(from), time_of(to), 100);
  };
  EXPECT_EQ(missing("2024-02-01 10:00", "2024-02-01 13:00"),
            all_of({"2024-02-01 11:00", "2024-02-01 12:00"}));
  EXPECT_EQ(missing("2024-02-02 16:00", "2024-02-05 10:00"),
            all_of({"2024-02-02 17:00", "2024-02-05 09:00"}));
  EXPECT_EQ(missing("2024-02-01 17:00", "2024-02-05 09:00").size(), 9U);  // a holiday
  EXPECT_TRUE(missing("2024-02-02 17:00", "2024-02-05 09:00").empty());
  EXPECT_TRUE(missing("2024-02-02 17:00", "2024-02-03 12:00").empty());  // a row while closed
}

}  // namespace
}  // namespace chronicler::data
