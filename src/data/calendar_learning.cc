// How a calendar is learned from the times of a file's rows.
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

constexpr double most_missing =
    0.1;  // share of missing rows up to which carrying forward makes sense
constexpr double weeks_to_half = 13.0;  // after which a row says half as much of what is open
constexpr double open_share = 0.4;      // of how often open slots have rows
constexpr double surest = 0.98;         // open slots have no row more often than not now and then

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

}  // namespace

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

}  // namespace chronicler::data
