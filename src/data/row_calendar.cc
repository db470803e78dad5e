#include "chronicler/data/row_calendar.h"

#include <algorithm>
#include <utility>

#include "data/calendar_slots.h"

namespace chronicler::data {

std::int64_t MonthDay::in_month(std::int64_t month) const {
  const std::int64_t begin = first_day_of(month);
  const std::int64_t last = first_day_of(month + 1) - 1;
  std::int64_t result = std::min(begin + day - 1, last);
  for (int i = 0; i < 6 && (weekdays >> weekday_of(result) & 1) == 0; ++i)
    result += backwards ? -1 : 1;
  return result;
}

std::int64_t RowCalendar::after(std::int64_t time, std::int64_t steps) const {
  if (steps <= 0) return time;
  if (by_month()) {
    std::int64_t slot = nearest_month_slot(*this, time);
    for (; steps > 0; --steps) slot = next_open_month_slot(*this, slot);
    return day_of_month_slot(*this, slot) * day_seconds + modulo(time, day_seconds);
  }
  if (always_open()) return step.after(time, steps);
  if (step.months > 0) {
    for (; steps > 0; --steps) {
      do {
        time = step.after(time, 1);
      } while (is_in_closed_month(*this, day_of(time)));
    }
    return time;
  }
  std::int64_t slot = slot_of(*this, time);
  for (; steps > 0; --steps) slot = next_open_slot(*this, slot);
  return time_of(*this, slot);
}

bool RowCalendar::is_open(std::int64_t time) const {
  if (is_in_closed_month(*this, day_of(time))) return false;
  return step.months > 0 || by_month() || is_open_in_week(*this, slot_of(*this, time));
}

bool RowCalendar::are_neighbours(std::int64_t time, std::int64_t later) const {
  const std::int64_t next = after(time, 1);
  if (by_month()) return nearest_month_slot(*this, next) == nearest_month_slot(*this, later);
  if (always_open()) return step.between(time, later) == 1;
  if (step.months > 0) return step.between(next, later) == 0;
  return slot_of(*this, next) == slot_of(*this, later);
}

std::vector<std::int64_t> RowCalendar::missing_between(std::int64_t time, std::int64_t later,
                                                       std::int64_t most) const {
  std::vector<std::int64_t> missing;
  const auto has_room = [&] { return static_cast<std::int64_t>(missing.size()) < most; };
  if (by_month()) {
    const std::int64_t end = nearest_month_slot(*this, later);
    std::int64_t slot = next_open_month_slot(*this, nearest_month_slot(*this, time));
    for (; slot < end && has_room(); slot = next_open_month_slot(*this, slot))
      missing.push_back(day_of_month_slot(*this, slot) * day_seconds + modulo(time, day_seconds));
    return missing;
  }
  if (always_open() || step.months > 0) {
    std::int64_t next = after(time, 1);
    while (next > time && step.between(next, later) > 0 && has_room()) {
      missing.push_back(next);
      time = std::exchange(next, after(next, 1));
    }
    return missing;
  }
  const std::int64_t end = slot_of(*this, later);
  std::int64_t slot = next_open_slot(*this, slot_of(*this, time));
  for (; slot < end && has_room(); slot = next_open_slot(*this, slot))
    missing.push_back(time_of(*this, slot));
  return missing;
}

std::vector<std::int64_t> RowCalendar::cycles() const {
  const auto days_a_month = static_cast<std::int64_t>(month_days.size());
  if (days_a_month > 1) return {days_a_month, 12 * days_a_month};
  if (open.empty()) return {};
  const auto day_slots = static_cast<std::ptrdiff_t>(day_seconds / step.seconds);
  std::int64_t days = 0;
  for (auto day = open.begin(); day != open.end(); day += day_slots)
    days += std::find(day, day + day_slots, 1) == day + day_slots ? 0 : 1;
  const std::int64_t rows = std::count(open.begin(), open.end(), 1);
  std::vector<std::int64_t> cycles;
  if (rows > days && rows % days == 0) cycles.push_back(rows / days);
  if (rows > 1) cycles.push_back(rows);
  return cycles;
}

}  // namespace chronicler::data
