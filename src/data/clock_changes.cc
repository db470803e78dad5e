#include "data/clock_changes.h"

#include <algorithm>
#include <functional>
#include <map>

#include "chronicler/data/timestamp.h"

namespace chronicler::data {
namespace {

constexpr std::int64_t an_hour = 3600;

std::int64_t hour_of(std::int64_t time) { return time / an_hour - (time % an_hour < 0 ? 1 : 0); }

// Clocks are set back between 23 and 5 o'clock (rows may be named by the hour's end), most to a
// Sunday, some to a Friday or Saturday; from February to May in the south, from September to
// November in the north.
bool is_night_of_change(std::int64_t time) {
  const ClockTime clock = clock_time(time);
  const bool in_season =
      (clock.month >= 2 && clock.month <= 5) || (clock.month >= 9 && clock.month <= 11);
  if (!in_season) return false;
  if (clock.hour >= 23.0) return clock.weekday >= 3 && clock.weekday <= 5;
  return clock.hour < 5.0 && clock.weekday >= 4;
}

// Rows of one clock hour: is there a second pass, and is it whole but where the file ends?
bool is_doubled(std::span<const std::int64_t> times, std::int64_t step, bool at_an_end) {
  std::map<std::int64_t, int> counts;
  std::int64_t falls = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (++counts[times[i]] > 2) return false;
    falls += i > 0 && times[i] < times[i - 1] ? 1 : 0;
  }
  const std::int64_t doubled =
      std::count_if(counts.begin(), counts.end(), [](const auto& one) { return one.second == 2; });
  const std::int64_t whole = an_hour / step;
  if (falls > 1 || (doubled == 0 && falls == 0)) return false;
  const auto distinct = static_cast<std::int64_t>(counts.size());
  if (at_an_end && (falls == 1 || doubled + 1 >= distinct)) return true;
  return 2 * doubled > whole || (whole == 2 && doubled == 1 && falls == 1);
}

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

// Those of one way to name rows: by the beginning of the time that they are of, or by its end
// (`shift` is the step then).
Ranges doubled_hours(std::span<const std::int64_t> times, std::int64_t step, std::int64_t shift) {
  constexpr std::int64_t apart = std::int64_t{100} * 86400;
  Ranges found;
  for (std::size_t begin = 0; begin < times.size();) {
    std::size_t end = begin + 1;
    while (end < times.size() && hour_of(times[end] - shift) == hour_of(times[begin] - shift))
      ++end;
    const bool at_an_end = begin == 0 || end == times.size();
    if (end - begin > 1 && is_night_of_change(times[begin]) &&
        is_doubled(times.subspan(begin, end - begin), step, at_an_end))
      found.emplace_back(begin, end);
    begin = end;
  }
  // More of them are no change of clocks.
  const auto is_near = [&](const auto& a, const auto& b) {
    return std::abs(times[a.first] - times[b.first]) < apart;
  };
  Ranges lonely;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool near = (i > 0 && is_near(found[i - 1], found[i])) ||
                      (i + 1 < found.size() && is_near(found[i], found[i + 1]));
    if (!near) lonely.push_back(found[i]);
  }
  return lonely;
}

// Rows that do not come after the one before them, outside of the ranges.
std::int64_t left_open(std::span<const std::int64_t> times, const Ranges& ranges) {
  std::int64_t count = 0;
  auto range = ranges.begin();
  for (std::size_t i = 1; i < times.size(); ++i) {
    while (range != ranges.end() && range->second <= i) ++range;
    const bool is_inside = range != ranges.end() && range->first < i;
    count += times[i] <= times[i - 1] && !is_inside ? 1 : 0;
  }
  return count;
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> doubled_hours(
    std::span<const std::int64_t> times) {
  const bool rises =
      std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
  if (rises) return {};
  const TimeStep step = common_step(times);
  if (step.seconds <= 0 || an_hour % step.seconds != 0) return {};
  Ranges by_begin = doubled_hours(times, step.seconds, 0);
  Ranges by_end = doubled_hours(times, step.seconds, step.seconds);
  return left_open(times, by_end) < left_open(times, by_begin) ? by_end : by_begin;
}

}  // namespace chronicler::data
