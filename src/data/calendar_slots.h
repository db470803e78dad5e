// Slots of a calendar: whole numbers for the places where rows may be.
#pragma once

#include <chrono>
#include <cstdint>

#include "chronicler/data/row_calendar.h"

namespace chronicler::data {

inline constexpr std::int64_t day_seconds = 86400;
inline constexpr std::int64_t week_seconds = 7 * day_seconds;
inline constexpr std::int64_t monday_before_1970 = -3 * day_seconds;
inline constexpr std::uint8_t all_weekdays = 127;
inline constexpr std::uint16_t all_months = 0xFFF;

std::int64_t floor_div(std::int64_t a, std::int64_t b);
std::int64_t modulo(std::int64_t a, std::int64_t b);
std::int64_t day_of(std::int64_t time);
std::int64_t weekday_of(std::int64_t day);
std::chrono::year_month_day date_of(std::int64_t day);
// Counted from January of year 0.
std::int64_t month_of(std::int64_t day);
std::int64_t first_day_of(std::int64_t month);
bool is_in_closed_month(const RowCalendar& calendar, std::int64_t day);
std::int64_t origin_of(const RowCalendar& calendar);
// The slot of a time, which may be a quarter of a step early, and three late.
std::int64_t slot_of(const RowCalendar& calendar, std::int64_t time);
std::int64_t time_of(const RowCalendar& calendar, std::int64_t slot);
bool is_open_in_week(const RowCalendar& calendar, std::int64_t slot);
std::int64_t next_open_slot(const RowCalendar& calendar, std::int64_t slot);
std::int64_t months_of_step(const RowCalendar& calendar);
std::int64_t month_of_slot(const RowCalendar& calendar, std::int64_t slot);
std::int64_t day_of_month_slot(const RowCalendar& calendar, std::int64_t slot);
std::int64_t nearest_month_slot(const RowCalendar& calendar, std::int64_t time);
std::int64_t next_open_month_slot(const RowCalendar& calendar, std::int64_t slot);

}  // namespace chronicler::data
