// Dates and times of day as files write them, and the distance between the rows of a series.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// How a date with slashes or points is meant: 3/4/2024.
enum class DateOrder : std::uint8_t { month_first, day_first };

// Seconds since 1970-01-01, by the clock that the text shows; an offset ("+02:00", "Z") leads back
// to UTC. Known are 2024-03-31, 2024-03, 20240331, 2024/3/31, 31.3.2024, 3/31/2024 and 31/3/2024
// (`order`), each with an optional time 14:05, 14:05:30, 14:05:30.5, "T" or a space before it, AM
// or PM behind it; years with a fraction in months, 1949.0833; seconds or milliseconds since 1970.
// Empty for anything else, and for days that do not exist.
std::optional<std::int64_t> parse_timestamp(std::string_view text,
                                            DateOrder order = DateOrder::month_first);
// Day or month first, whichever these texts can all be; month first if both.
DateOrder likely_date_order(std::span<const std::string> texts);

// 2024-03-31, with the time of day unless `days`.
std::string format_timestamp(std::int64_t seconds, bool days);

struct ClockTime {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;
  int weekday = 0;  // 0 is Monday
  double hour = 0.0;
  double year_share = 0.0;  // of the year that has passed, 0 to 1
};
ClockTime clock_time(std::int64_t seconds);

// The distance between neighbouring rows.
struct TimeStep {
  std::int64_t seconds = 0;  // or
  std::int64_t months = 0;

  explicit operator bool() const { return seconds > 0 || months > 0; }
  bool operator==(const TimeStep&) const = default;
  std::int64_t after(std::int64_t time, std::int64_t steps) const;
  // How many steps lie between, rounded to a whole one.
  std::int64_t between(std::int64_t from, std::int64_t to) const;
  // As a word for one step: "hour", "15 minutes", "month".
  std::string name() const;
  // "one hour", "15 minutes", "one month".
  std::string count_name() const;
  double in_days() const;
};
// The most common distance; none for fewer than two times.
TimeStep common_step(std::span<const std::int64_t> times);

}  // namespace chronicler::data
