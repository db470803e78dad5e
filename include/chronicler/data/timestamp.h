// Dates and times of day as files write them, and the distance between the rows of a series.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler::data {

// How a date of numbers alone is meant that does not begin with four digits: 3/4/2024, 1-2-03.
enum class DateOrder : std::uint8_t { month_first, day_first, year_first };
// "day first".
std::string_view name_of(DateOrder order);

struct Timestamp {
  std::int64_t clock = 0;                   // seconds since 1970-01-01, by the clock the text shows
  std::optional<std::int32_t> offset = {};  // seconds that this clock is ahead of UTC, if known
  bool by_order = false;                    // another DateOrder may read another day
  bool has_fraction = false;                // of a second, which is cut off

  std::int64_t utc() const { return clock - offset.value_or(0); }
};

// How a text writes its time, as far as other times can be written alike.
struct TimestampStyle {
  enum class Kind : std::uint8_t {
    date,    // 2024-03-31, whatever the order, marks and names were: it cannot be misread
    period,  // months, quarters, half years and weeks: `pattern`
    epoch    // a number since 1970: `per_second`
  };
  Kind kind = Kind::date;
  char between = ' ';           // date and time of day: ' ' or 'T'
  bool seconds = false;         // stand there even where they are 0
  std::string offset = {};      // "Z", "+00:00", "+0000" or "+00", whichever the text is like
  std::string pattern = {};     // the text with %Y, %q and their like for its numbers
  std::int64_t per_second = 1;  // of the numbers since 1970
};

// Known are
//   2024-03-31, 20240331, 2024/3/31, 31.3.2024, 3/31/2024, 31/3/2024, 31-3-24 (`order`),
//   31-Mar-2024, Mar 31, 2024, 31. März 2024, Sun, 31 Mar 2024 (English and German names);
//   each with an optional time 14:05, 14:05:30.5, 1405, 14h05, a "T", space or comma before it, AM
//   or PM behind it, and an offset: "+02:00", "+0200", "Z", "UTC";
//   months: 2024-03, 202403, 03/2024, Mar 2024, 2024M03; quarters: 2024Q1, Q1 2024, 1Q24, 1.
//   Quartal 2024; half years: 2024H1; ISO weeks: 2024-W01, and their days: 2024-W01-7; years with a
//   fraction in months, 1949.0833; 2024033114, 202403311405, 20240331140530; seconds, milliseconds,
//   microseconds or nanoseconds since 1970; a stretch of time by its beginning: 31.3.2024 14:00
//   - 31.3.2024 15:00.
// Years of two digits are those from 1969 to 2068. Empty for anything else, and for days that do
// not exist.
// Without an order, months come first between slashes and days first between points and dashes.
std::optional<Timestamp> read_timestamp(std::string_view text, std::optional<DateOrder> order = {},
                                        TimestampStyle* style = nullptr);
// Seconds since 1970-01-01 of that, by the clock that the text shows; an offset leads back to UTC.
std::optional<std::int64_t> parse_timestamp(std::string_view text,
                                            std::optional<DateOrder> order = {});

// 2024-03-31, with the time of day unless `days`.
std::string format_timestamp(std::int64_t seconds, bool days);
// In a file's own style; `days`: without a time of day, unless it is not midnight or there is an
// offset, which belongs to a time of day.
std::string format_timestamp(const Timestamp& time, const TimestampStyle& style, bool days);

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
  // "hours", "15 minutes", "months".
  std::string names() const;
  // "one hour", "15 minutes", "one month".
  std::string count_name() const;
  double in_days() const;
};
// The most common distance; none for fewer than two times.
TimeStep common_step(std::span<const std::int64_t> times);

}  // namespace chronicler::data
