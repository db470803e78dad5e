#include "chronicler/data/row_calendar.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace chronicler::data {
namespace {

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t week_seconds = 7 * day_seconds;
constexpr std::int64_t monday_before_1970 = -3 * day_seconds;
constexpr std::uint8_t all_weekdays = 127;
constexpr std::uint16_t all_months = 0xFFF;
constexpr double most_missing =
    0.1;  // share of missing rows up to which carrying forward makes sense
constexpr double weeks_to_half = 13.0;  // after which a row says half as much of what is open
constexpr double open_share = 0.4;      // of how often open slots have rows
constexpr double surest = 0.98;         // open slots have no row more often than not now and then

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}
std::int64_t modulo(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

std::int64_t day_of(std::int64_t time) { return floor_div(time, day_seconds); }
std::int64_t weekday_of(std::int64_t day) { return modulo(day + 3, 7); }

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(day));
}
// Counted from January of year 0.
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

// The slot of a time, which may be a quarter of a step early, and three late.
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

// ---- learning

// Weights of what was seen: the sum, and for how many equal ones it stands.
struct Tally {
  double sum = 0.0;
  double squares = 0.0;
  std::int64_t count = 0;

  void add(double weight) {
    sum += weight;
    squares += weight * weight;
    ++count;
  }
  Tally& operator+=(const Tally& other) {
    sum += other.sum;
    squares += other.squares;
    count += other.count;
    return *this;
  }
  double equal_ones() const { return squares > 0.0 ? sum * sum / squares : 0.0; }
};

// How often there is a row where one may be.
struct Share {
  Tally rows;
  Tally places;
  double value() const { return places.sum > 0.0 ? rows.sum / places.sum : 0.0; }
  // How much more likely it is with a share of its own than with that of open slots, as a
  // logarithm.
  double evidence(double usual) const {
    const double own = value();
    const double other = std::min(usual, surest);
    double sum = own > 0.0 ? own * std::log(own / other) : 0.0;
    if (own < 1.0) sum += (1.0 - own) * std::log((1.0 - own) / (1.0 - other));
    return places.equal_ones() * sum;
  }
  bool is_closed(double usual, std::int64_t least_places, double least_evidence) const {
    return places.count >= least_places && value() < open_share * usual &&
           evidence(usual) >= least_evidence;
  }
};

// The share of those slots that are open, whatever the others do.
double usual_share(std::span<const Share> shares) {
  double sum = 0.0;
  double squares = 0.0;
  for (const Share& share : shares) {
    sum += share.value();
    squares += share.value() * share.value();
  }
  return sum > 0.0 ? squares / sum : 0.0;
}

// Which weekdays and times of day have rows, of slots that divide a day.
class Week {
 public:
  Week(const RowCalendar& calendar, std::span<const std::int64_t> times)
      : day_slots_(day_seconds / calendar.step.seconds) {
    for (const std::int64_t time : times) {
      const std::int64_t slot = slot_of(calendar, time);
      if (slots_.empty() || slots_.back() != slot) slots_.push_back(slot);
    }
    count_days();
    count_slots();
    judge();
  }

  // (slots of a week); empty if none is closed.
  const std::vector<std::uint8_t>& open() const { return open_; }
  // How often open slots have rows.
  double usual() const { return usual_; }

 private:
  // Slots count from a Monday.
  std::int64_t day_of_slot(std::int64_t slot) const { return floor_div(slot, day_slots_); }
  double weight(std::int64_t day) const {
    const std::int64_t last = floor_div(day_of_slot(slots_.back()), 7);
    return std::exp2(-static_cast<double>(last - floor_div(day, 7)) / weeks_to_half);
  }
  Share& slot_share(std::int64_t weekday, std::int64_t slot) {
    return slot_shares_[static_cast<std::size_t>(weekday * day_slots_ + slot)];
  }

  // Of the weeks that have rows at all.
  void count_days() {
    const std::int64_t first = day_of_slot(slots_.front());
    const std::int64_t last = day_of_slot(slots_.back());
    std::vector<std::pair<std::int64_t, std::int64_t>> days;  // that have rows, and how many
    for (const std::int64_t slot : slots_) {
      const std::int64_t day = day_of_slot(slot);
      if (days.empty() || days.back().first != day) days.emplace_back(day, 0);
      ++days.back().second;
    }
    std::vector<std::int64_t> counts;
    for (const auto& [day, rows] : days) counts.push_back(rows);
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::nth_element(counts.begin(), middle, counts.end());
    std::int64_t week = days.front().first;
    for (const auto& [day, rows] : days) {
      const auto weekday = static_cast<std::size_t>(modulo(day, 7));
      days_[weekday].rows.add(weight(day));
      whole_days_[weekday] += weight(day) * std::min(1.0, 2.0 * static_cast<double>(rows) /
                                                              static_cast<double>(*middle));
      if (day != days.front().first && floor_div(day, 7) == week) continue;
      week = floor_div(day, 7);
      for (std::int64_t other = std::max(7 * week, first); other <= std::min(7 * week + 6, last);
           ++other)
        days_[static_cast<std::size_t>(modulo(other, 7))].places.add(weight(other));
    }
  }

  bool is_closed_day(std::size_t weekday, double usual) const {
    const Share& days = days_[weekday];
    // Weekends are closed so often that one without rows says enough.
    const double enough = usual > 0.75 ? 2.0 : 3.8;
    if (days.is_closed(usual, weekday < 5 ? 2 : 1, enough)) return true;
    // Few weeks, and on one of such days a row or two.
    return days.places.count >= 2 && days.value() < 0.6 * usual &&
           whole_days_[weekday] < 0.15 * usual * days.places.sum;
  }
  // Three times say more of an hour than other weekdays do; two, if they agree.
  bool is_open_hour(const Share& own, const Share& any_day, double usual) const {
    const double enough = std::log(static_cast<double>(day_slots_)) + 2.0;
    if (own.places.count >= 3 && own.value() >= open_share * usual) return true;
    if (own.places.count == 2 && own.rows.count == 2) return true;
    return !own.is_closed(usual, 2, enough) && !any_day.is_closed(usual, 2, enough);
  }

  // Of the days that have rows at all.
  void count_slots() {
    slot_shares_.resize(static_cast<std::size_t>(7 * day_slots_));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const std::int64_t day = day_of_slot(slots_[i]);
      slot_share(modulo(day, 7), modulo(slots_[i], day_slots_)).rows.add(weight(day));
    }
    for (std::int64_t weekday = 0; weekday < 7; ++weekday) {
      for (std::int64_t slot = 0; slot < day_slots_; ++slot)
        slot_share(weekday, slot).places = days_[static_cast<std::size_t>(weekday)].rows;
    }
    // The first and the last day are parts of days.
    const auto leave_out = [&](std::int64_t day, std::int64_t begin, std::int64_t end) {
      for (std::int64_t slot = begin; slot < end; ++slot) {
        Tally& places = slot_share(modulo(day, 7), slot).places;
        places.sum -= weight(day);
        places.squares -= weight(day) * weight(day);
        --places.count;
      }
    };
    leave_out(day_of_slot(slots_.front()), 0, modulo(slots_.front(), day_slots_));
    leave_out(day_of_slot(slots_.back()), modulo(slots_.back(), day_slots_) + 1, day_slots_);
  }

  void judge() {
    const double usual_day = usual_share(days_);
    std::array<bool, 7> is_open_day{};
    for (std::size_t weekday = 0; weekday < 7; ++weekday)
      is_open_day[weekday] = !is_closed_day(weekday, usual_day);
    std::vector<Share> of_open_days;
    std::vector<Share> any_day(static_cast<std::size_t>(day_slots_));
    for (std::int64_t weekday = 0; weekday < 7; ++weekday) {
      if (!is_open_day[static_cast<std::size_t>(weekday)]) continue;
      for (std::int64_t slot = 0; slot < day_slots_; ++slot) {
        of_open_days.push_back(slot_share(weekday, slot));
        any_day[static_cast<std::size_t>(slot)].rows += of_open_days.back().rows;
        any_day[static_cast<std::size_t>(slot)].places += of_open_days.back().places;
      }
    }
    const double usual_slot = usual_share(of_open_days);
    usual_ = usual_day * usual_slot;
    for (std::int64_t weekday = 0; weekday < 7; ++weekday) {
      for (std::int64_t slot = 0; slot < day_slots_; ++slot) {
        const bool is_open = is_open_day[static_cast<std::size_t>(weekday)] &&
                             is_open_hour(slot_share(weekday, slot),
                                          any_day[static_cast<std::size_t>(slot)], usual_slot);
        open_.push_back(is_open ? 1 : 0);
      }
    }
    if (std::find(open_.begin(), open_.end(), 0) == open_.end()) open_.clear();
  }

  std::int64_t day_slots_;
  std::vector<std::int64_t> slots_;  // that have rows
  std::array<Share, 7> days_;
  std::array<double, 7> whole_days_{};  // weights of days, less where one has few rows
  std::vector<Share> slot_shares_;      // (7, slots of a day)
  std::vector<std::uint8_t> open_;
  double usual_ = 0.0;
};

// Where in a step most times are, and what share of them is about there.
struct Phase {
  std::int64_t offset = 0;
  double share = 0.0;
};

Phase phase_of(std::span<const std::int64_t> times, std::int64_t step) {
  std::vector<std::int64_t> offsets;
  for (const std::int64_t time : times) offsets.push_back(modulo(time - monday_before_1970, step));
  if (std::adjacent_find(offsets.begin(), offsets.end(), std::not_equal_to<>()) == offsets.end())
    return {offsets.front(), 1.0};
  std::sort(offsets.begin(), offsets.end());
  const std::size_t count = offsets.size();
  const auto at = [&](std::size_t i) { return i < count ? offsets[i] : offsets[i - count] + step; };
  std::size_t most = 0;
  std::size_t best = 0;
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < count; ++begin) {
    end = std::max(end, begin);
    while (end < begin + count && at(end) - at(begin) <= step / 4) ++end;
    if (end - begin > most) {
      most = end - begin;
      best = begin;
    }
  }
  return {modulo(at(best + most / 2), step),
          static_cast<double>(most) / static_cast<double>(count)};
}

// A finer step than the most common one, if the usual distances are whole ones of it and rows are
// off the coarser grid: market days, an opening at half past and then each full hour.
std::int64_t finer_step(std::span<const std::int64_t> times, std::int64_t step) {
  std::map<std::int64_t, std::int64_t> distances;
  for (std::size_t i = 1; i < times.size(); ++i) ++distances[times[i] - times[i - 1]];
  const auto count = static_cast<std::int64_t>(times.size()) - 1;
  std::int64_t common = 0;
  for (const auto& [distance, rows] : distances) {
    if (distance > 0 && rows >= 2 && 100 * rows >= count) common = std::gcd(common, distance);
  }
  if (common < 60 || common >= step || day_seconds % common != 0) return step;
  if (phase_of(times, step).share >= 0.98 || phase_of(times, common).share < 0.9) return step;
  return common;
}

void learn_week(RowCalendar& calendar, std::span<const std::int64_t> times) {
  const std::int64_t step = calendar.step.seconds;
  const auto with_step = [&](std::int64_t seconds) {
    RowCalendar tried = calendar;
    tried.step.seconds = seconds;
    tried.phase = phase_of(times, seconds).offset;
    return tried;
  };
  const std::int64_t finer = finer_step(times, step);
  if (finer != step) {
    RowCalendar tried = with_step(finer);
    const Week week(tried, times);
    if (!week.open().empty() && week.usual() >= 0.8) {
      tried.open = week.open();
      calendar = tried;
      return;
    }
  }
  calendar = with_step(step);
  if (day_seconds % step == 0 && phase_of(times, step).share >= 0.9)
    calendar.open = Week(calendar, times).open();
}

// The rule that most days follow, the earlier one if two are as good, and the share that does.
struct MonthRule {
  MonthDay day;
  double share = 0.0;
};

MonthRule month_rule_of(std::span<const std::int64_t> times) {
  constexpr std::uint8_t monday_to_friday = 0b0011111;
  constexpr std::uint8_t sunday_to_thursday = 0b1001111;
  std::vector<MonthDay> rules;
  for (int day = 31; day >= 1; --day) rules.push_back({day, all_weekdays, false});
  for (const std::uint8_t weekdays : {monday_to_friday, sunday_to_thursday}) {
    for (int day = 31; day >= 4; --day) rules.push_back({day, weekdays, true});
    for (int day = 1; day <= 26; ++day) rules.push_back({day, weekdays, false});
  }
  for (int weekday = 0; weekday < 7; ++weekday) {
    const auto bit = static_cast<std::uint8_t>(1 << weekday);
    for (const int day : {1, 8, 15, 22}) rules.push_back({day, bit, false});
    rules.push_back({31, bit, true});
  }
  MonthDay best;
  std::size_t most = 0;
  for (const MonthDay& rule : rules) {
    std::size_t count = 0;
    for (const std::int64_t time : times)
      count += rule.in_month(month_of(day_of(time))) == day_of(time) ? 1 : 0;
    if (count <= most) continue;
    most = count;
    best = rule;
    if (most == times.size()) break;
  }
  return {best, static_cast<double>(most) / static_cast<double>(times.size())};
}

// How many months mostly lie between rows that are no even number of days apart, as third Fridays;
// 0: it is not that.
std::int64_t months_apart(std::span<const std::int64_t> times) {
  std::map<std::int64_t, std::size_t> counts;
  bool are_even = true;
  for (std::size_t i = 1; i < times.size(); ++i) {
    ++counts[month_of(day_of(times[i])) - month_of(day_of(times[i - 1]))];
    are_even = are_even && times[i] - times[i - 1] == times[1] - times[0];
  }
  if (are_even || times.size() < 4) return 0;
  for (const std::int64_t months : {1, 3, 12}) {
    if (10 * counts[months] >= 6 * (times.size() - 1) && month_rule_of(times).share >= 0.9)
      return months;
  }
  return 0;
}

void learn_months(RowCalendar& calendar, std::span<const std::int64_t> times) {
  const MonthRule rule = month_rule_of(times);
  if (rule.share >= 0.6) calendar.month_days = {rule.day};
  std::map<std::int64_t, std::size_t> phases;
  for (const std::int64_t time : times)
    ++phases[modulo(month_of(day_of(time)), calendar.step.months)];
  calendar.month_phase =
      std::max_element(phases.begin(), phases.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      })->first;
}

// Days that most months have rows on, if rows are on few others: the 1st and the 15th, the 10th,
// the 20th and the last.
std::vector<MonthDay> days_of_months(std::span<const std::int64_t> times) {
  std::array<std::size_t, 32> counts{};
  std::size_t lasts = 0;
  std::size_t months = 0;
  std::int64_t month = 0;
  for (const std::int64_t time : times) {
    const std::int64_t day = day_of(time);
    if (months == 0 || month_of(day) != month) ++months;
    month = month_of(day);
    const bool is_last = first_day_of(month + 1) == day + 1;
    lasts += is_last ? 1 : 0;
    if (!is_last) ++counts[static_cast<std::size_t>(day - first_day_of(month) + 1)];
  }
  counts[31] = lasts;  // and no other day is the 31st
  std::vector<MonthDay> days;
  std::size_t covered = 0;
  for (int day = 1; day <= 31; ++day) {
    const std::size_t count = counts[static_cast<std::size_t>(day)];
    if (10 * count < 6 * months) continue;
    days.push_back({day});
    covered += count;
  }
  return months >= 4 && 10 * covered >= 9 * times.size() ? days : std::vector<MonthDay>{};
}

// Months of the year without rows, time and again.
std::uint16_t closed_months_of(std::span<const std::int64_t> times) {
  struct Month {
    std::int64_t month;
    std::int64_t rows;
  };
  std::vector<Month> months;
  for (const std::int64_t time : times) {
    const std::int64_t month = month_of(day_of(time));
    if (months.empty() || months.back().month != month) months.push_back({month, 0});
    ++months.back().rows;
  }
  if (months.back().month - months.front().month > 12 * 200) return 0;
  std::vector<std::int64_t> counts;
  for (const Month& month : months) counts.push_back(month.rows);
  std::nth_element(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2),
                   counts.end());
  const std::int64_t usual = counts[counts.size() / 2];
  // The first and the last month may be parts of months.
  std::array<std::int64_t, 12> years{};
  std::array<std::int64_t, 12> without{};
  std::array<std::int64_t, 12> closings{};  // with rows in between
  std::array<std::int64_t, 12> last_closing{};
  std::int64_t closing = 0;
  std::size_t at = 1;
  for (std::int64_t month = months.front().month + 1; month < months.back().month; ++month) {
    while (months[at].month < month) ++at;
    const auto name = static_cast<std::size_t>(modulo(month, 12));
    ++years[name];
    if (months[at].month == month && 10 * months[at].rows >= usual) {
      ++closing;
      continue;
    }
    ++without[name];
    if (without[name] == 1 || last_closing[name] != closing) ++closings[name];
    last_closing[name] = closing;
  }
  std::uint16_t closed = 0;
  for (std::size_t name = 0; name < 12; ++name) {
    if (closings[name] >= 2 && 4 * without[name] > 3 * years[name])
      closed |= static_cast<std::uint16_t>(1U << name);
  }
  return closed == all_months ? std::uint16_t{0} : closed;
}

bool learn_carries_forward(const RowCalendar& calendar, std::span<const std::int64_t> times) {
  const auto rows = static_cast<std::int64_t>(times.size());
  std::int64_t missing = 0;
  if (calendar.always_open() && !calendar.by_month()) {
    missing = calendar.step.between(times.front(), times.back()) + 1 - rows;
  } else {
    for (std::size_t i = 1; i < times.size() && missing <= rows; ++i) {
      missing += static_cast<std::int64_t>(
          calendar.missing_between(times[i - 1], times[i], rows + 1).size());
    }
  }
  return static_cast<double>(missing) <= most_missing * static_cast<double>(rows + missing);
}

// ---- words

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

std::int64_t MonthDay::in_month(std::int64_t month) const {
  const std::int64_t begin = first_day_of(month);
  const std::int64_t last = first_day_of(month + 1) - 1;
  std::int64_t result = std::min(begin + day - 1, last);
  for (int i = 0; i < 6 && (weekdays >> weekday_of(result) & 1) == 0; ++i)
    result += backwards ? -1 : 1;
  return result;
}

RowCalendar RowCalendar::learn(std::span<const std::int64_t> times) {
  RowCalendar calendar;
  calendar.step = common_step(times);
  if (!calendar) return calendar;
  const double days = calendar.step.in_days();
  if (days > 26.0 && calendar.step.months == 0) {
    if (const std::int64_t months = months_apart(times); months > 0) calendar.step = {0, months};
  }
  if (days > 5.0 && days < 26.0) calendar.month_days = days_of_months(times);
  if (calendar.step.months > 0) {
    learn_months(calendar, times);
  } else if (!calendar.by_month()) {
    learn_week(calendar, times);
  }
  if (calendar.step.months == 1 || (calendar.step.months == 0 && days < 26.0))
    calendar.closed_months = closed_months_of(times);
  calendar.carries_forward = learn_carries_forward(calendar, times);
  return calendar;
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
