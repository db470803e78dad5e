#include "data/calendar_slots.h"

#include <algorithm>
#include <cmath>

namespace chronicler::data {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}
std::int64_t modulo(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

std::int64_t day_of(std::int64_t time) { return floor_div(time, day_seconds); }
std::int64_t weekday_of(std::int64_t day) { return modulo(day + 3, 7); }

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(day));
}
std::int64_t month_of(std::int64_t day) {
  const std::chrono::year_month_day date = date_of(day);
  return static_cast<int>(date.year()) * std::int64_t{12} + static_cast<unsigned>(date.month()) - 1;
}
std::int64_t first_day_of(std::int64_t month) {
  const std::chrono::year_month_day date{
      std::chrono::year(static_cast<int>(floor_div(month, 12))),
      std::chrono::month(static_cast<unsigned>(modulo(month, 12) + 1)), std::chrono::day(1)};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

bool is_in_closed_month(const RowCalendar& calendar, std::int64_t day) {
  return calendar.closed_months != 0 &&
         (calendar.closed_months >> modulo(month_of(day), 12) & 1) != 0;
}

// ---- slots of steps in seconds, numbered from that of a Monday

std::int64_t origin_of(const RowCalendar& calendar) { return monday_before_1970 + calendar.phase; }

std::int64_t slot_of(const RowCalendar& calendar, std::int64_t time) {
  const std::int64_t step = calendar.step.seconds;
  return floor_div(time - origin_of(calendar) + step / 4, step);
}
std::int64_t time_of(const RowCalendar& calendar, std::int64_t slot) {
  return origin_of(calendar) + slot * calendar.step.seconds;
}
bool is_open_in_week(const RowCalendar& calendar, std::int64_t slot) {
  if (calendar.open.empty()) return true;
  const auto count = static_cast<std::int64_t>(calendar.open.size());
  return calendar.open[static_cast<std::size_t>(modulo(slot, count))] != 0;
}

std::int64_t next_open_slot(const RowCalendar& calendar, std::int64_t slot) {
  ++slot;
  for (;;) {
    const std::int64_t day = day_of(time_of(calendar, slot));
    if (is_in_closed_month(calendar, day)) {
      const std::int64_t next = first_day_of(month_of(day) + 1) * day_seconds - origin_of(calendar);
      slot = std::max(slot + 1, -floor_div(-next, calendar.step.seconds));
    } else if (is_open_in_week(calendar, slot)) {
      return slot;
    } else {
      ++slot;
    }
  }
}

// ---- slots by the month, numbered from the first of a month

std::int64_t months_of_step(const RowCalendar& calendar) {
  return std::max<std::int64_t>(calendar.step.months, 1);
}
std::int64_t month_of_slot(const RowCalendar& calendar, std::int64_t slot) {
  const auto days = static_cast<std::int64_t>(calendar.month_days.size());
  return calendar.month_phase + floor_div(slot, days) * months_of_step(calendar);
}
std::int64_t day_of_month_slot(const RowCalendar& calendar, std::int64_t slot) {
  const auto days = static_cast<std::int64_t>(calendar.month_days.size());
  return calendar.month_days[static_cast<std::size_t>(modulo(slot, days))].in_month(
      month_of_slot(calendar, slot));
}

std::int64_t nearest_month_slot(const RowCalendar& calendar, std::int64_t time) {
  const std::int64_t day = day_of(time);
  const auto days = static_cast<std::int64_t>(calendar.month_days.size());
  const std::int64_t first =
      floor_div(month_of(day) - calendar.month_phase, months_of_step(calendar)) * days;
  std::int64_t nearest = first;
  for (std::int64_t slot = first - days; slot < first + 2 * days; ++slot) {
    if (std::abs(day_of_month_slot(calendar, slot) - day) <
        std::abs(day_of_month_slot(calendar, nearest) - day))
      nearest = slot;
  }
  return nearest;
}

std::int64_t next_open_month_slot(const RowCalendar& calendar, std::int64_t slot) {
  do {
    ++slot;
  } while (is_in_closed_month(calendar, first_day_of(month_of_slot(calendar, slot))));
  return slot;
}

}  // namespace chronicler::data
