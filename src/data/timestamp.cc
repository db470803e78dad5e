#include "chronicler/data/timestamp.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "data/date_text.h"

namespace chronicler::data {
namespace {

constexpr std::int64_t seconds_a_day = 86400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

std::chrono::year_month_day date_of(std::int64_t seconds) {
  return std::chrono::sys_days(std::chrono::days(floor_div(seconds, seconds_a_day)));
}

// The hour that AM or PM behind it makes of one; empty if it cannot be.
std::optional<std::int64_t> scan_half(Scanner& scanner, std::int64_t hour) {
  const std::size_t begin = scanner.at();
  scanner.take_spaces();
  for (const char half : {'a', 'p'}) {
    if (!scanner.take_letter(half)) continue;
    scanner.take('.');
    scanner.take_spaces();
    if (!scanner.take_letter('m') || hour < 1 || hour > 12) return {};
    scanner.take('.');
    return hour % 12 + (half == 'p' ? 12 : 0);
  }
  scanner.go_to(begin);
  return hour;
}

// "+02:00", "Z"; false if there is something else. `style` becomes as TimestampStyle has it.
bool scan_offset(Scanner& scanner, Timestamp& time, std::string& style) {
  const std::string space = scanner.take_spaces() ? " " : "";
  if (scanner.at_end()) return true;
  std::string word(scanner.word());
  if (word == "Z" || word == "z" || word == "UTC" || word == "GMT") {
    scanner.go_to(scanner.at() + word.size());
    style = space + word;
    time.offset = 0;
    if (scanner.at_end()) return true;
    if (word.size() == 1) return false;
  } else {
    word.clear();
  }
  const char sign = scanner.peek();
  if (!scanner.take('+') && !scanner.take('-')) return false;
  const auto hours = scanner.digits(1, 4);
  if (!hours) return false;
  const std::size_t width = scanner.count();
  std::int64_t minutes = *hours * 60;
  style = space + word + "+00";
  if (width >= 3) {
    if (width == 3) return false;
    minutes = *hours / 100 * 60 + *hours % 100;
    if (*hours % 100 > 59) return false;
    style += "00";
  } else if (scanner.take(':')) {
    const auto rest = scanner.digits(2, 2);
    if (!rest || *rest > 59) return false;
    minutes += *rest;
    style += ":00";
  } else if (width == 1 && word.empty()) {
    return false;
  }
  if (minutes > 16 * 60) return false;
  time.offset = static_cast<std::int32_t>((sign == '-' ? -60 : 60) * minutes);
  return scanner.at_end();
}

struct TimeOfDay {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  bool has_seconds = false;
  bool has_fraction = false;
};

// 14:05, 14:05:30.5, 1405, 140530, 14h05, 14.05, 14.
std::optional<TimeOfDay> scan_clock(Scanner& scanner) {
  TimeOfDay time;
  if (const auto glued = scanner.digits(4, 4)) {
    time.hour = *glued / 100;
    time.minute = *glued % 100;
  } else if (const auto longer = scanner.digits(6, 6)) {
    time.hour = *longer / 10000;
    time.minute = *longer / 100 % 100;
    time.second = *longer % 100;
    time.has_seconds = true;
  } else {
    const auto hour = scanner.digits(1, 2);
    if (!hour) return {};
    time.hour = *hour;
    const bool is_french = scanner.take_letter('h');
    if (is_french ? scanner.is_digit() : scanner.take(':') || scanner.take('.')) {
      const auto minutes = scanner.digits(2, 2);
      if (!minutes) return {};
      time.minute = *minutes;
      if (scanner.take(':')) {
        const auto seconds = scanner.digits(2, 2);
        if (!seconds) return {};
        time.second = *seconds;
        time.has_seconds = true;
      }
    }
  }
  if (time.has_seconds && (scanner.take('.') || scanner.take(','))) {
    const auto fraction = scanner.digits(1, 9);
    if (!fraction) return {};
    time.has_fraction = *fraction != 0;
  }
  return time;
}

// The time of day to the end of the text.
bool scan_time(Scanner& scanner, Timestamp& time, TimestampStyle& style) {
  const auto clock = scan_clock(scanner);
  if (!clock || clock->minute > 59 || clock->second > 60) return false;
  const auto hour = scan_half(scanner, clock->hour);
  if (!hour || *hour > 24 || (*hour == 24 && clock->minute + clock->second > 0)) return false;
  time.clock += *hour * 3600 + clock->minute * 60 + clock->second;
  time.has_fraction = clock->has_fraction;
  style.seconds = clock->has_seconds;
  return scan_offset(scanner, time, style.offset);
}

// 202403, 2024033114, 202403311405, 20240331140530, of this century or the last.
std::optional<Timestamp> read_glued(std::string_view text, TimestampStyle& style) {
  const bool is_near = text.starts_with("19") || text.starts_with("20");
  if (!is_near || text.size() % 2 != 0 || text.size() < 6 || text.size() > 14 ||
      text.find('.') != std::string_view::npos)
    return {};
  const std::string date = std::string(text.substr(0, 8)) + (text.size() == 6 ? "01" : "");
  Scanner scanner(date);
  const auto day = scan_date(scanner, date, DateOrder::year_first);
  if (!day) return {};
  Timestamp time{day->day * seconds_a_day};
  if (text.size() <= 8) return time;
  Scanner behind(text.substr(8));
  if (!scan_time(behind, time, style)) return {};
  return time;
}

// 1949.0833: years in months; 1700000000, 20240331140500.
std::optional<Timestamp> read_number_as_time(std::string_view text, TimestampStyle& style) {
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  if (const auto glued = read_glued(text, style)) return glued;
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return {};
  if (value >= 1000.0 && value < 3000.0) {
    const auto months = static_cast<std::int64_t>(std::lround(value * 12.0));
    if (std::abs(value * 12.0 - static_cast<double>(months)) > 0.02) return {};
    const auto day = day_number(months / 12, months % 12 + 1, 1);
    if (!day) return {};
    return Timestamp{*day * seconds_a_day};
  }
  for (const auto& [low, high, per_second] :
       {std::tuple{1e8, 1e10, std::int64_t{1}}, std::tuple{1e11, 1e13, std::int64_t{1000}},
        std::tuple{1e14, 1e16, std::int64_t{1000000}},
        std::tuple{1e17, 1e19, std::int64_t{1000000000}}}) {
    if (value < low || value >= high) continue;
    std::int64_t whole = 0;  // a double has too few digits for nanoseconds
    const std::string_view digits = text.substr(0, text.find('.'));
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    if (fault != std::errc() || end != digits.data() + digits.size()) return {};
    style.kind = TimestampStyle::Kind::epoch;
    style.per_second = per_second;
    return Timestamp{
        whole / per_second, {}, false, whole % per_second != 0 || value != std::floor(value)};
  }
  return {};
}

// Without spaces around it, and with plain ones for those that only keep a line from breaking.
std::string_view plain_spaces(std::string_view text, std::string& made) {
  if (text.find('\xA0') != std::string_view::npos || text.find('\xAF') != std::string_view::npos) {
    made = text;
    for (const std::string_view space : {"\xC2\xA0", "\xE2\x80\xAF"}) {
      for (std::size_t at = made.find(space); at != std::string::npos; at = made.find(space, at))
        made.replace(at, space.size(), " ");
    }
    text = made;
  }
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "+00:00" with the offset in place of its digits.
std::string with_offset(std::int32_t offset, std::string style) {
  const std::size_t plus = style.find('+');
  if (plus == std::string::npos) {
    if (offset == 0) return style;
    style += "+00:00";
    if (const std::size_t word = style.find_first_of("zZ"); word != std::string::npos)
      style.erase(word, 1);
  }
  const std::size_t sign = style.find('+');
  const std::int32_t minutes = std::abs(offset) / 60;
  const bool whole = sign + 3 == style.size() && minutes % 60 == 0;
  const bool has_mark = style.find(':', sign) != std::string::npos || sign + 3 == style.size();
  return fmt::format("{}{}{:02}{}{}", style.substr(0, sign), offset < 0 ? '-' : '+', minutes / 60,
                     has_mark && !whole ? ":" : "",
                     whole ? std::string() : fmt::format("{:02}", minutes % 60));
}

// The ISO year of a day, its week and the day in it.
struct IsoDay {
  std::int64_t year;
  std::int64_t week;
  std::int64_t day;
};
IsoDay iso_day(std::int64_t day) {
  const std::int64_t weekday = ((day + 3) % 7 + 7) % 7;
  const std::int64_t thursday = day - weekday + 3;
  const std::int64_t year = static_cast<int>(date_of(thursday * seconds_a_day).year());
  const std::int64_t first = week_day_number(year, 1).value_or(thursday);
  return {year, (thursday - first) / 7 + 1, weekday + 1};
}

std::string in_pattern(std::int64_t seconds, const std::string& pattern) {
  const std::chrono::year_month_day date = date_of(seconds);
  const IsoDay iso = iso_day(floor_div(seconds, seconds_a_day));
  const bool is_week =
      pattern.find("%W") != std::string::npos || pattern.find("%w") != std::string::npos;
  const std::int64_t year = is_week ? iso.year : static_cast<int>(date.year());
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      text += pattern[i];
      continue;
    }
    switch (pattern[++i]) {
      case 'Y':
        text += fmt::format("{:04}", year);
        break;
      case 'y':
        text += fmt::format("{:02}", year % 100);
        break;
      case 'm':
        text += fmt::format("{:02}", static_cast<unsigned>(date.month()));
        break;
      case 'h':
        text += static_cast<unsigned>(date.month()) <= 6 ? '1' : '2';
        break;
      case 'q':
        text += fmt::format("{}", (static_cast<unsigned>(date.month()) + 2) / 3);
        break;
      case 'W':
        text += fmt::format("{:02}", iso.week);
        break;
      case 'w':
        text += fmt::format("{}", iso.week);
        break;
      default:
        text += fmt::format("{}", iso.day);
    }
  }
  return text;
}

}  // namespace

std::string_view name_of(DateOrder order) {
  switch (order) {
    case DateOrder::day_first:
      return "day first";
    case DateOrder::month_first:
      return "month first";
    default:
      return "year first";
  }
}

std::optional<Timestamp> read_timestamp(std::string_view text, std::optional<DateOrder> order,
                                        TimestampStyle* style) {
  // A stretch of time is known by its beginning.
  for (const std::string_view mark : {" - ", " \u2013 "}) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos || at < 8) continue;
    const std::string_view rest = text.substr(at + mark.size());
    if (rest.find(mark) == std::string_view::npos && read_timestamp(rest, order))
      return read_timestamp(text.substr(0, at), order, style);
  }
  std::string made;
  text = plain_spaces(text, made);
  TimestampStyle found;
  const auto with_offset = [&](Timestamp time) -> std::optional<Timestamp> {
    if (style != nullptr) *style = found;
    return time;
  };
  Scanner scanner(text);
  const auto date = scan_date(scanner, text, order);
  if (!date) {
    const auto number = read_number_as_time(text, found);
    return number ? with_offset(*number) : std::nullopt;
  }
  Timestamp time{date->day * seconds_a_day, {}, date->by_order, false};
  if (!date->pattern.empty()) {
    found.kind = TimestampStyle::Kind::period;
    found.pattern = date->pattern;
  }
  if (scanner.at_end()) return with_offset(time);
  if (!date->has_day) return {};
  found = {};
  if (scanner.take('T') || scanner.take('t')) {
    found.between = 'T';
  } else if (!scanner.take(':')) {  // 31/Mar/2024:14:05:30
    scanner.take(',');
    if (!scanner.take_spaces()) return {};
  }
  if (!scan_time(scanner, time, found)) return {};
  return with_offset(time);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, std::optional<DateOrder> order) {
  const auto time = read_timestamp(text, order);
  if (!time) return {};
  return time->utc();
}

std::string format_timestamp(std::int64_t seconds, bool days) {
  const std::chrono::year_month_day date = date_of(seconds);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (days) return text;
  const std::int64_t time = seconds - floor_div(seconds, seconds_a_day) * seconds_a_day;
  text += fmt::format(" {:02}:{:02}", time / 3600, time / 60 % 60);
  if (time % 60 != 0) text += fmt::format(":{:02}", time % 60);
  return text;
}

std::string format_timestamp(const Timestamp& time, const TimestampStyle& style, bool days) {
  if (style.kind == TimestampStyle::Kind::epoch)
    return fmt::format("{}", time.clock * style.per_second);
  if (style.kind == TimestampStyle::Kind::period) return in_pattern(time.clock, style.pattern);
  const bool is_midnight = time.clock % seconds_a_day == 0;
  if (days && is_midnight && !time.offset) return format_timestamp(time.clock, true);
  std::string text = format_timestamp(time.clock, false);
  if (style.between != ' ') text[text.find(' ')] = style.between;
  if (style.seconds && time.clock % 60 == 0) text += ":00";
  return time.offset ? text + with_offset(*time.offset, style.offset) : text;
}

ClockTime clock_time(std::int64_t seconds) {
  const std::int64_t day = floor_div(seconds, seconds_a_day);
  const std::chrono::year_month_day date = date_of(seconds);
  const std::int64_t new_year = *day_number(static_cast<int>(date.year()), 1, 1);
  const double hour = static_cast<double>(seconds - day * seconds_a_day) / 3600.0;
  const double length = date.year().is_leap() ? 366.0 : 365.0;
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(((day + 3) % 7 + 7) % 7),
          hour,
          (static_cast<double>(day - new_year) + hour / 24.0) / length};
}

std::int64_t TimeStep::after(std::int64_t time, std::int64_t steps) const {
  if (months == 0) return time + steps * seconds;
  const std::int64_t day = floor_div(time, seconds_a_day);
  const std::chrono::year_month_day date = date_of(time);
  const std::int64_t month = static_cast<int>(date.year()) * std::int64_t{12} +
                             static_cast<unsigned>(date.month()) - 1 + steps * months;
  std::optional<std::int64_t> result;
  for (std::int64_t d = static_cast<unsigned>(date.day()); !result; --d) {
    result = day_number(floor_div(month, 12), month - floor_div(month, 12) * 12 + 1, d);
    if (d < 27) break;
  }
  return result.value_or(day) * seconds_a_day + (time - day * seconds_a_day);
}

std::int64_t TimeStep::between(std::int64_t from, std::int64_t to) const {
  if (months == 0) {
    return static_cast<std::int64_t>(
        std::llround(static_cast<double>(to - from) / static_cast<double>(seconds)));
  }
  const auto month = [](std::int64_t time) {
    const std::chrono::year_month_day date = date_of(time);
    return static_cast<int>(date.year()) * 12.0 + static_cast<unsigned>(date.month()) +
           static_cast<unsigned>(date.day()) / 31.0;
  };
  return std::llround((month(to) - month(from)) / static_cast<double>(months));
}

std::string TimeStep::name() const {
  const auto worded = [](std::int64_t count, std::string_view unit) {
    return count == 1 ? std::string(unit) : fmt::format("{} {}s", count, unit);
  };
  if (months % 12 == 0 && months > 0) return worded(months / 12, "year");
  if (months == 3) return "quarter";
  if (months > 0) return worded(months, "month");
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  for (const Unit& unit : {Unit{7 * seconds_a_day, "week"}, Unit{seconds_a_day, "day"},
                           Unit{3600, "hour"}, Unit{60, "minute"}}) {
    if (seconds % unit.seconds == 0) return worded(seconds / unit.seconds, unit.name);
  }
  return worded(seconds, "second");
}

std::string TimeStep::names() const {
  const std::string one = name();
  return one.front() >= '0' && one.front() <= '9' ? one : one + "s";
}

std::string TimeStep::count_name() const {
  const std::string one = name();
  return one.front() >= '0' && one.front() <= '9' ? one : "one " + one;
}

double TimeStep::in_days() const {
  return months > 0 ? static_cast<double>(months) * 365.25 / 12.0
                    : static_cast<double>(seconds) / static_cast<double>(seconds_a_day);
}

TimeStep common_step(std::span<const std::int64_t> times) {
  std::map<std::int64_t, std::int64_t> counts;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const std::int64_t distance = std::abs(times[i] - times[i - 1]);
    if (distance > 0) ++counts[distance];
  }
  if (counts.empty()) return {};
  const std::int64_t most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      })->first;
  struct Months {
    std::int64_t least;
    std::int64_t most;
    std::int64_t months;
  };
  for (const Months& one : {Months{28, 31, 1}, Months{59, 62, 2}, Months{90, 92, 3},
                            Months{120, 123, 4}, Months{181, 184, 6}, Months{365, 366, 12}}) {
    if (most < one.least * seconds_a_day || most > one.most * seconds_a_day) continue;
    // Four weeks are no month: months are of different lengths.
    const bool differ =
        std::count_if(counts.begin(), counts.end(), [&](const auto& pair) {
          return pair.first >= one.least * seconds_a_day && pair.first <= one.most * seconds_a_day;
        }) > 1;
    if (differ || one.months == 12) return {0, one.months};
  }
  return {most, 0};
}

}  // namespace chronicler::data
