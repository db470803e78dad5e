#include "data/date_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

namespace chronicler::data {
namespace {

// A number, name or unit of a date.
struct Part {
  enum class Kind : std::uint8_t { number, month, quarter, half, week };
  Kind kind = Kind::number;
  std::int64_t value = 0;
  std::size_t width = 0;  // of a number's digits
  std::size_t begin = 0;  // of the digits
  std::int64_t day = 0;   // of a week, where its digit is glued to the week's: W017

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_year() const { return kind == Kind::number && width == 4; }
  bool is_short() const { return kind == Kind::number && width <= 2; }
};
using Kind = Part::Kind;

// At most three.
struct Parts {
  std::array<Part, 3> all;
  std::array<char, 3> marks{};  // between them; '\0': nothing
  std::size_t count = 0;

  std::span<const Part> list() const { return std::span(all).first(count); }
};

// Small letters; of those that UTF-8 writes with two bytes the Latin ones.
std::string small(std::string_view word) {
  std::string result(word);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<unsigned char>(result[i]);
    const bool is_latin = i > 0 && static_cast<unsigned char>(result[i - 1]) == 0xC3;
    if ((byte >= 'A' && byte <= 'Z') || (is_latin && byte >= 0x80 && byte <= 0x9E))
      result[i] = static_cast<char>(byte + 0x20);
  }
  return result;
}

// English and German, whole or as they are shortened.
std::int64_t month_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, int>, 45> names{
      {{"jan", 1},      {"january", 1},   {"januar", 1},   {"j\u00e4n", 1},  {"j\u00e4nner", 1},
       {"feb", 2},      {"february", 2},  {"februar", 2},  {"mar", 3},       {"march", 3},
       {"m\u00e4r", 3}, {"m\u00e4rz", 3}, {"maerz", 3},    {"mrz", 3},       {"apr", 4},
       {"april", 4},    {"may", 5},       {"mai", 5},      {"jun", 6},       {"june", 6},
       {"juni", 6},     {"jul", 7},       {"july", 7},     {"juli", 7},      {"aug", 8},
       {"august", 8},   {"sep", 9},       {"sept", 9},     {"september", 9}, {"oct", 10},
       {"october", 10}, {"okt", 10},      {"oktober", 10}, {"nov", 11},      {"november", 11},
       {"dec", 12},     {"december", 12}, {"dez", 12},     {"dezember", 12}, {"febr", 2},
       {"janv", 1},     {"mars", 3},      {"avril", 4},    {"juin", 6},      {"juillet", 7}}};
  const std::string wanted = small(word);
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [&](const auto& name) { return name.first == wanted; });
  return found == names.end() ? 0 : found->second;
}

bool is_weekday(std::string_view word) {
  constexpr std::array<std::string_view, 28> names{
      "mon",    "tue",      "wed",       "thu",        "fri",     "sat",      "sun",
      "mo",     "di",       "mi",        "do",         "fr",      "sa",       "so",
      "monday", "tuesday",  "wednesday", "thursday",   "friday",  "saturday", "sunday",
      "montag", "dienstag", "mittwoch",  "donnerstag", "freitag", "samstag",  "sonntag"};
  return std::find(names.begin(), names.end(), small(word)) != names.end();
}

// Of what is counted in a year: Q1, Quarter 1, H1, W01, M01.
std::optional<Kind> unit_of(std::string_view letter) {
  if (letter == "q" || letter == "qtr" || letter == "quarter" || letter == "quartal")
    return Kind::quarter;
  if (letter == "h") return Kind::half;
  if (letter == "w") return Kind::week;
  if (letter == "m") return Kind::month;
  return {};
}

// Such a unit, or the name of a month.
std::optional<Part> scan_word(Scanner& scanner) {
  const std::string_view word = scanner.word();
  const std::size_t begin = scanner.at();
  const std::string letter = small(word);
  scanner.go_to(begin + word.size());
  if (const auto kind = unit_of(letter)) {
    if (*kind == Kind::quarter && letter != "q") {
      scanner.take('.');
      scanner.take_spaces();
    }
    Part part{*kind, 0, 0, scanner.at(), 0};
    const auto digits = scanner.digits(*kind == Kind::month ? 2 : 1, *kind == Kind::week    ? 3
                                                                     : *kind == Kind::month ? 2
                                                                                            : 1);
    if (!digits) return {};
    part.width = scanner.count();
    part.value = *digits;
    if (part.width == 3) {
      part.value = *digits / 10;
      part.day = *digits % 10;
      if (part.day < 1 || part.day > 7) return {};
    }
    return part;
  }
  const std::int64_t month = month_of(word);
  if (month == 0) return {};
  return Part{Kind::month, month, 0, begin, 0};
}

// What stands between two parts: spaces with at most one mark among them. False if the date ends.
bool scan_mark(Scanner& scanner, Parts& parts) {
  const std::size_t begin = scanner.at();
  char mark = '\0';
  if (scanner.take_spaces()) mark = ' ';
  for (const char c : {'-', '/', '.', ',', ':'}) {
    // A colon leads to a quarter's name alone; else to minutes.
    if (c == ':' && scanner.peek(1) != 'Q' && scanner.peek(1) != 'q') continue;
    if (!scanner.take(c)) continue;
    mark = c;
    break;
  }
  scanner.take_spaces();
  if (!scanner.is_digit() && scanner.word().empty()) {
    scanner.go_to(begin);
    return false;
  }
  parts.marks[parts.count - 1] = mark;
  return true;
}

// 1Q24, 1. Quartal 2024: what the digit before counts.
bool scan_unit_behind(Scanner& scanner) {
  const std::size_t begin = scanner.at();
  const bool has_mark = scanner.take('.') | scanner.take_spaces();
  const std::string_view word = scanner.word();
  const std::string letter = small(word);
  if (unit_of(letter) == Kind::quarter && (letter != "q" || !has_mark)) {
    scanner.go_to(scanner.at() + word.size());
    return true;
  }
  scanner.go_to(begin);
  return false;
}

// Up to three parts.
std::optional<Parts> scan_parts(Scanner& scanner) {
  Parts parts;
  for (;;) {
    if (scanner.is_digit()) {
      Part part{Kind::number, 0, 0, scanner.at(), 0};
      const auto value = scanner.digits(1, 4);
      if (!value) return {};
      part.value = *value;
      part.width = scanner.count();
      if (part.width == 1 && scan_unit_behind(scanner)) part.kind = Kind::quarter;
      parts.all[parts.count++] = part;
    } else {
      const auto part = scan_word(scanner);
      if (!part) return {};
      parts.all[parts.count++] = *part;
      if (part->is(Kind::month) && scanner.peek() == '.' && scanner.peek(1) == ' ')
        scanner.take('.');  // of a shortened name
    }
    if (parts.count == 3 || scanner.at_end() || !scan_mark(scanner, parts)) return parts;
  }
}

std::int64_t full_year(const Part& part) {
  if (part.width == 4) return part.value;
  return part.value + (part.value < 69 ? 2000 : 1900);
}

// The text with signs for its numbers.
std::string pattern_of(std::string_view text, const Parts& parts, std::size_t end) {
  std::string pattern;
  std::size_t at = 0;
  for (const Part& part : parts.list()) {
    pattern += text.substr(at, part.begin - at);
    at = part.begin + part.width;
    if (part.is(Kind::quarter)) {
      pattern += "%q";
    } else if (part.is(Kind::half)) {
      pattern += "%h";
    } else if (part.is(Kind::month)) {
      pattern += "%m";
    } else if (part.is(Kind::week)) {
      pattern += part.width == 1 ? "%w" : "%W";
      if (part.day != 0) pattern += "%u";
    } else {
      pattern += part.width == 4 ? "%Y" : part.width == 2 ? "%y" : "%u";
    }
  }
  return pattern + std::string(text.substr(at, end - at));
}

std::optional<DateText> made(std::optional<std::int64_t> day, bool has_day, bool by_order = false) {
  if (!day) return {};
  return DateText{*day, by_order, has_day, {}};
}

std::optional<DateText> from_two(const Parts& parts) {
  const Part& first = parts.all[0];
  const Part& second = parts.all[1];
  const char mark = parts.marks[0];
  // With a point it would be a number: 2024.03.
  if (first.is_year() && second.is_short() && (mark == '-' || mark == '/'))
    return made(day_number(first.value, second.value, 1), false);
  // Years that are counted from the first of a series: 1-01.
  if (first.is(Kind::number) && first.width == 1 && mark == '-' && second.is_short() &&
      second.width == 2)
    return made(day_number(first.value, second.value, 1), false);
  if (first.is_short() && second.is_year() && (mark == '-' || mark == '/' || mark == '.'))
    return made(day_number(second.value, first.value, 1), false);
  if (first.is(Kind::month) && (second.is_year() || (second.is_short() && second.width == 2)))
    return made(day_number(full_year(second), first.value, 1), false);
  if (first.is_year() && second.is(Kind::month))
    return made(day_number(first.value, second.value, 1), false);
  const bool year_first = first.is(Kind::number);
  const Part& year = year_first ? first : second;
  const Part& unit = year_first ? second : first;
  if (!year.is(Kind::number) || (year.width != 4 && year.width != 2)) return {};
  if (unit.is(Kind::quarter) && unit.value >= 1 && unit.value <= 4)
    return made(day_number(full_year(year), 3 * unit.value - 2, 1), false);
  if (unit.is(Kind::half) && unit.value >= 1 && unit.value <= 2)
    return made(day_number(full_year(year), 6 * unit.value - 5, 1), false);
  if (unit.is(Kind::week) && year.width == 4)
    return made(week_day_number(year.value, unit.value, unit.day == 0 ? 1 : unit.day),
                unit.day != 0);
  return {};
}

std::optional<DateText> from_numbers(const Parts& parts, std::optional<DateOrder> given) {
  const Part& a = parts.all[0];
  const Part& b = parts.all[1];
  const Part& c = parts.all[2];
  const char mark = parts.marks[0];
  if (mark != parts.marks[1] || (mark != '-' && mark != '/' && mark != '.')) return {};
  if (!b.is_short()) return {};
  if (a.is_year() && c.is_short()) return made(day_number(a.value, b.value, c.value), true);
  if (!a.is_short()) return {};
  const DateOrder order =
      given.value_or(mark == '/' ? DateOrder::month_first : DateOrder::day_first);
  const Part& year = order == DateOrder::year_first ? a : c;
  const Part& last = order == DateOrder::year_first ? c : a;
  if ((year.width != 2 && year.width != 4) || !last.is_short()) return {};
  switch (order) {
    case DateOrder::day_first:
      return made(day_number(full_year(c), b.value, a.value), true, true);
    case DateOrder::month_first:
      return made(day_number(full_year(c), a.value, b.value), true, true);
    default:
      return made(day_number(full_year(a), b.value, c.value), true, true);
  }
}

std::optional<DateText> from_three(const Parts& parts, std::optional<DateOrder> order) {
  const Part& a = parts.all[0];
  const Part& b = parts.all[1];
  const Part& c = parts.all[2];
  if (a.is(Kind::number) && b.is(Kind::number) && c.is(Kind::number))
    return from_numbers(parts, order);
  if (a.is_year() && b.is(Kind::week) && b.day == 0 && c.is(Kind::number) && c.width == 1)
    return c.value >= 1 && c.value <= 7 ? made(week_day_number(a.value, b.value, c.value), true)
                                        : std::nullopt;
  if (a.is_year() && b.is(Kind::month) && c.is_short())
    return made(day_number(a.value, b.value, c.value), true);
  const bool month_first = a.is(Kind::month);
  const Part& month = month_first ? a : b;
  const Part& day = month_first ? b : a;
  if (!month.is(Kind::month) || !day.is_short()) return {};
  if (!c.is_year() && (!c.is_short() || c.width != 2)) return {};
  return made(day_number(full_year(c), month.value, day.value), true);
}

}  // namespace

std::optional<std::int64_t> day_number(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return {};
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<std::int64_t> week_day_number(std::int64_t year, std::int64_t week,
                                            std::int64_t day) {
  const auto monday = [](std::int64_t of_year) -> std::optional<std::int64_t> {
    const auto fourth = day_number(of_year, 1, 4);  // always in the first week
    if (!fourth) return {};
    return *fourth - ((*fourth + 3) % 7 + 7) % 7;
  };
  const auto first = monday(year);
  const auto next = monday(year + 1);
  if (!first || !next || week < 1 || day < 1 || day > 7) return {};
  if (*first + 7 * (week - 1) >= *next) return {};
  return *first + 7 * (week - 1) + day - 1;
}

std::optional<std::int64_t> Scanner::digits(std::size_t low, std::size_t high) {
  std::size_t count = 0;
  while (is_digit(count)) ++count;
  if (count < low || count > high) return {};
  std::int64_t value = 0;
  std::from_chars(text_.data() + at_, text_.data() + at_ + count, value);
  at_ += count;
  count_ = count;
  return value;
}

std::string_view Scanner::word() const {
  std::size_t end = at_;
  while (end < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[end]);
    if (byte < 0x80 && (byte < 'A' || byte > 'Z') && (byte < 'a' || byte > 'z')) break;
    ++end;
  }
  return text_.substr(at_, end - at_);
}

std::optional<DateText> scan_date(Scanner& scanner, std::string_view text,
                                  std::optional<DateOrder> order) {
  if (is_weekday(scanner.word())) {
    scanner.go_to(scanner.at() + scanner.word().size());
    scanner.take('.');
    scanner.take(',');
    scanner.take_spaces();
  }
  const std::size_t begin = scanner.at();
  if (const auto whole = scanner.digits(8, 8))
    return made(day_number(*whole / 10000, *whole / 100 % 100, *whole % 100), true);
  const auto parts = scan_parts(scanner);
  if (!parts || parts->count < 2) return {};
  const bool is_month = parts->count == 2;
  auto date = is_month ? from_two(*parts) : from_three(*parts, order);
  const bool has_unit =
      std::any_of(parts->list().begin(), parts->list().end(), [&](const Part& part) {
        const bool is_counted_month = is_month && part.is(Kind::month) && part.width > 0;
        return part.is(Kind::quarter) || part.is(Kind::half) || part.is(Kind::week) ||
               is_counted_month;
      });
  if (date && has_unit && begin == 0) date->pattern = pattern_of(text, *parts, scanner.at());
  return date;
}

}  // namespace chronicler::data
