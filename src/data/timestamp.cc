#include "chronicler/data/timestamp.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace chronicler::data {
namespace {

constexpr std::int64_t seconds_a_day = 86400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

std::optional<std::int64_t> day_number(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::chrono::year_month_day date_of(std::int64_t seconds) {
  return std::chrono::sys_days(std::chrono::days(floor_div(seconds, seconds_a_day)));
}

// Reads a text from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Digits, from `low` to `high` of them.
  std::optional<std::int64_t> digits(std::size_t low, std::size_t high) {
    std::size_t count = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
    if (count < low || count > high) return {};
    std::int64_t value = 0;
    std::from_chars(rest_.data(), rest_.data() + count, value);
    rest_.remove_prefix(count);
    count_ = count;
    return value;
  }
  std::size_t count() const { return count_; }  // of the last digits()
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  std::size_t count_ = 0;
};

// The days since 1970 of the date at the scanner, which stands behind it then.
std::optional<std::int64_t> scan_date(Scanner& scanner, DateOrder order) {
  const auto first = scanner.digits(1, 8);
  if (!first) return {};
  const std::size_t width = scanner.count();
  if (width == 8) return day_number(*first / 10000, *first / 100 % 100, *first % 100);
  const char mark = scanner.peek();
  if (mark != '-' && mark != '/' && mark != '.') return {};
  scanner.take(mark);
  const auto second = scanner.digits(1, 2);
  if (!second) return {};
  if (!scanner.take(mark)) {
    return mark == '-' && width <= 4 ? day_number(*first, *second, 1) : std::nullopt;
  }
  const auto third = scanner.digits(1, 4);
  if (!third) return {};
  if (width == 4) return day_number(*first, *second, *third);
  if (scanner.count() != 4 || width > 2) return {};
  const bool day_first = mark != '/' || order == DateOrder::day_first;
  return day_first ? day_number(*third, *second, *first) : day_number(*third, *first, *second);
}

// Seconds since midnight, less the offset of the time zone if one is given.
std::optional<std::int64_t> scan_time(Scanner& scanner) {
  auto hour = scanner.digits(1, 2);
  if (!hour || *hour > 24) return {};
  std::int64_t minute = 0;
  std::int64_t second = 0;
  if (scanner.take(':')) {
    const auto minutes = scanner.digits(2, 2);
    if (!minutes || *minutes > 59) return {};
    minute = *minutes;
    if (scanner.take(':')) {
      const auto seconds = scanner.digits(2, 2);
      if (!seconds || *seconds > 60) return {};
      second = *seconds;
      if (scanner.take('.') && !scanner.digits(1, 9)) return {};
    }
  }
  while (scanner.take(' ')) {
  }
  for (const char half : {'A', 'P'}) {
    const char small = static_cast<char>(half + ('a' - 'A'));
    if (!scanner.take(half) && !scanner.take(small)) continue;
    if ((!scanner.take('M') && !scanner.take('m')) || *hour < 1 || *hour > 12) return {};
    hour = *hour % 12 + (half == 'P' ? 12 : 0);
  }
  std::int64_t offset = 0;
  if (!scanner.take('Z') && (scanner.peek() == '+' || scanner.peek() == '-')) {
    const std::int64_t sign = scanner.take('+') ? 1 : -1;
    scanner.take('-');
    const auto hours = scanner.digits(2, 2);
    scanner.take(':');
    const auto minutes = scanner.at_end() ? std::optional<std::int64_t>(0) : scanner.digits(2, 2);
    if (!hours || !minutes) return {};
    offset = sign * (*hours * 3600 + *minutes * 60);
  }
  if (!scanner.at_end()) return {};
  return *hour * 3600 + minute * 60 + second - offset;
}

// 1949.0833: years in months.
std::optional<std::int64_t> parse_number(std::string_view text) {
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return {};
  if (value >= 1000.0 && value < 3000.0) {
    const auto months = static_cast<std::int64_t>(std::lround(value * 12.0));
    if (std::abs(value * 12.0 - static_cast<double>(months)) > 0.02) return {};
    const auto day = day_number(months / 12, months % 12 + 1, 1);
    if (!day) return {};
    return *day * seconds_a_day;
  }
  if (value != std::floor(value)) return {};
  if (value >= 1e8 && value < 1e10) return static_cast<std::int64_t>(value);
  if (value >= 1e11 && value < 1e13) return static_cast<std::int64_t>(value / 1000.0);
  return {};
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text, DateOrder order) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  Scanner scanner(text);
  const auto day = scan_date(scanner, order);
  if (!day) return parse_number(text);
  if (scanner.at_end()) return *day * seconds_a_day;
  if (!scanner.take('T') && !scanner.take(' ')) return parse_number(text);
  const auto time = scan_time(scanner);
  if (!time) return {};
  return *day * seconds_a_day + *time;
}

DateOrder likely_date_order(std::span<const std::string> texts) {
  const bool all = std::all_of(texts.begin(), texts.end(), [](const std::string& text) {
    return parse_timestamp(text, DateOrder::month_first).has_value();
  });
  return all ? DateOrder::month_first : DateOrder::day_first;
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
  for (const Months& one : {Months{28, 31, 1}, Months{90, 92, 3}, Months{365, 366, 12}}) {
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
