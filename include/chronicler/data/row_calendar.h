// When the rows of a series come: learnt from its rows, kept with a model, the one clock of what
// comes next.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chronicler/data/timestamp.h"

namespace chronicler::data {

// A day of each month: the first of `weekdays` on or after `day`, or on or before it. So are said
// the 15th, the last day, the last working day, the third Friday.
struct MonthDay {
  int day = 1;                  // 1 to 31, or the last where a month has fewer
  std::uint8_t weekdays = 127;  // bit 0 is Monday
  bool backwards = false;

  // In days since 1970; of a month counted from that of year 0.
  std::int64_t in_month(std::int64_t month) const;
  bool operator==(const MonthDay&) const = default;
};

// Slots are places where a row may be: the times of day of a week, a `step` apart; of rows a month
// or more apart, a day of the month, or a few such as the 15th and the last. Closed slots are those
// that have no rows as a rule: Sundays, nights, a month of the year.
//
// A slot is open if, of late, it mostly had a row when those about it had: one row on a Monday in
// three years opens no Mondays, one Tuesday without closes no Tuesdays, and other hours are learnt
// after about a quarter of a year. Exceptions are not foreseen: the row after the last is
// expected at the next open slot, a holiday or not, and if it comes later, or at a closed slot, it
// is a row like any other.
struct RowCalendar {
  TimeStep step;           // between two rows where nothing is closed
  std::int64_t phase = 0;  // seconds from a week's beginning, Monday 00:00, to its first slot
  std::vector<std::uint8_t> open = {};    // (slots of a week) 0 or 1; empty: all are
  std::vector<MonthDay> month_days = {};  // in their order; empty: no slots by the month
  std::int64_t month_phase = 0;     // of steps of several months: the first one's number, from 0
  std::uint16_t closed_months = 0;  // bit 0 is January
  // What is missing at open slots, holidays too, is put in and holds the last number before it: so
  // the same weekday and hour stay equally far back. False where too much is missing for that.
  bool carries_forward = true;

  // From times that rise. Without a step if there are fewer than two.
  static RowCalendar learn(std::span<const std::int64_t> times);

  explicit operator bool() const { return static_cast<bool>(step); }
  bool by_month() const { return !month_days.empty(); }
  bool always_open() const { return open.empty() && closed_months == 0; }
  // Rows are at equal distances.
  bool is_even() const { return always_open() && carries_forward; }
  // The `steps`-th open slot after that of `time`; `time` itself for no steps.
  std::int64_t after(std::int64_t time, std::int64_t steps) const;
  bool is_open(std::int64_t time) const;
  // Whether no open slot lies between two rows that follow one another.
  bool are_neighbours(std::int64_t time, std::int64_t later) const;
  // The open slots between two rows, the first `most` of them.
  std::vector<std::int64_t> missing_between(std::int64_t time, std::int64_t later,
                                            std::int64_t most) const;
  // In how many rows it comes round, where the step does not say: a day, a week, a month, a year.
  std::vector<std::int64_t> cycles() const;
  // "open Monday to Saturday", "open 09:00 to 17:00 Monday to Friday", from the first row of a day
  // to the last; empty if nothing is closed.
  std::string sentence() const;

  bool operator==(const RowCalendar&) const = default;
};

}  // namespace chronicler::data
