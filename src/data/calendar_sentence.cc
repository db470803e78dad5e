// A calendar in words: "open Monday to Friday, 09:00 to 17:00".
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/data/row_calendar.h"
#include "data/calendar_slots.h"

namespace chronicler::data {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> month_names{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

// Runs of places of a cycle that hold, [first, last], where the last may lie beyond its end.
template <class Holds>
std::vector<std::pair<std::size_t, std::size_t>> runs_of(std::size_t size, bool is_cycle,
                                                         const Holds& holds) {
  std::size_t begin = 0;
  while (is_cycle && begin < size && holds(begin)) ++begin;
  if (begin == size) return {{0, size - 1}};
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t i = begin; i < begin + size; ++i) {
    if (!holds(i % size)) continue;
    if (!runs.empty() && runs.back().second + 1 == i) {
      runs.back().second = i;
    } else {
      runs.emplace_back(i, i);
    }
  }
  return runs;
}

std::string joined(const std::vector<std::string>& words) {
  if (words.size() < 2) return words.empty() ? std::string() : words.front();
  return fmt::format("{} and {}", fmt::join(words.begin(), words.end() - 1, ", "), words.back());
}

// "Monday to Saturday", "Wednesday and Saturday".
template <class Names, class Holds>
std::string named_runs(const Names& names, const Holds& holds) {
  std::map<std::size_t, std::string> words;  // by their first place
  for (const auto& [first, last] : runs_of(names.size(), true, holds)) {
    for (std::size_t i = first; last <= first + 1 && i <= last; ++i)
      words[i % names.size()] = names[i % names.size()];
    if (last > first + 1) {
      words[first % names.size()] =
          fmt::format("{} to {}", names[first % names.size()], names[last % names.size()]);
    }
  }
  std::vector<std::string> in_order;
  for (const auto& [place, word] : words) in_order.push_back(word);
  return joined(in_order);
}

std::string week_sentence(const RowCalendar& calendar) {
  const auto day_slots = static_cast<std::size_t>(day_seconds / calendar.step.seconds);
  std::array<std::vector<std::uint8_t>, 7> days;
  std::vector<std::vector<std::uint8_t>> kinds;  // of open days, in the order in which they come
  for (std::size_t weekday = 0; weekday < 7; ++weekday) {
    const auto begin = calendar.open.begin() + static_cast<std::ptrdiff_t>(weekday * day_slots);
    days[weekday].assign(begin, begin + static_cast<std::ptrdiff_t>(day_slots));
    if (std::find(days[weekday].begin(), days[weekday].end(), 1) != days[weekday].end() &&
        std::find(kinds.begin(), kinds.end(), days[weekday]) == kinds.end())
      kinds.push_back(days[weekday]);
  }
  const auto clock = [&](std::size_t slot) {
    const auto slots = static_cast<std::int64_t>(slot % day_slots);
    return format_timestamp(calendar.phase + slots * calendar.step.seconds, false).substr(11);
  };
  std::vector<std::string> parts;
  for (const std::vector<std::uint8_t>& kind : kinds) {
    const auto is_of_kind = [&](std::size_t weekday) { return days[weekday] == kind; };
    const bool every_day =
        std::all_of(days.begin(), days.end(), [&](const auto& day) { return day == kind; });
    std::string part = every_day ? "every day" : named_runs(weekday_names, is_of_kind);
    if (day_slots > 1) {
      std::vector<std::string> hours;
      for (const auto& [first, last] :
           runs_of(day_slots, every_day, [&](std::size_t slot) { return kind[slot] != 0; })) {
        hours.push_back(clock(first));
        if (last == first + 1) hours.push_back(clock(last));
        if (last > first + 1) hours.back() += " to " + clock(last);
      }
      if (hours.size() > 3 || kinds.size() > 3) {
        return fmt::format("at {} of the {} times of a week that are {} apart",
                           std::count(calendar.open.begin(), calendar.open.end(), 1),
                           calendar.open.size(), calendar.step.count_name());
      }
      part = joined(hours) + " " + part;
    }
    parts.push_back(part);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string RowCalendar::sentence() const {
  if (always_open()) return {};
  std::string text = "open";
  if (!open.empty()) text += " " + week_sentence(*this);
  if (closed_months != 0) {
    text += fmt::format("{} in {}", open.empty() ? "" : ",",
                        named_runs(month_names, [&](std::size_t month) {
                          return (closed_months >> month & 1) == 0;
                        }));
  }
  return text;
}

}  // namespace chronicler::data
