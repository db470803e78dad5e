// Random calendars: what `run` predicts after the training rows is what `backtest` predicts of the
// rows that follow, value by value and at their times. CHRONICLER_CALENDARS=2000 draws so many.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/data/time_series.h"
#include "chronicler/tasks/forecaster.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::tasks {
namespace {

constexpr std::int64_t one_day = 86400;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(std::int64_t percent) { return from(1, 100) <= percent; }

 private:
  std::mt19937_64 engine_;
};

struct Hours {
  std::int64_t first = 0;  // slots of a day; the last may lie on the next
  std::int64_t last = 0;
  std::int64_t pause = -1;  // a slot between them
  bool holds(std::int64_t slot, std::int64_t slots) const {
    const bool inside =
        last < slots ? slot >= first && slot <= last : slot >= first || slot <= last - slots;
    return inside && slot != pause;
  }
};

// Somebody's opening times.
struct Shop {
  std::string description;
  std::int64_t step = one_day;  // seconds; 0: months
  std::int64_t months = 1;
  std::int64_t phase = 0;
  std::vector<bool> open_days = std::vector<bool>(7, true);
  std::vector<Hours> hours;  // of weekdays
  std::vector<bool> open_months = std::vector<bool>(12, true);
  int month_rule = 0;

  bool is_open(std::int64_t time) const {
    const data::ClockTime at = data::clock_time(time);
    if (!open_months[static_cast<std::size_t>(at.month - 1)]) return false;
    if (step == 0) return (at.month - 1) % months == months - 1 && is_day_of_month(time);
    if (!open_days[static_cast<std::size_t>(at.weekday)]) return false;
    if (hours.empty()) return true;
    const std::int64_t of_day = (time % one_day + one_day) % one_day;
    return hours[static_cast<std::size_t>(at.weekday)].holds((of_day - phase) / step,
                                                             one_day / step);
  }

 private:
  bool is_day_of_month(std::int64_t time) const {
    const data::ClockTime at = data::clock_time(time);
    const auto day_after = [&](std::int64_t days) {
      return data::clock_time(time + days * one_day);
    };
    const bool is_last = day_after(1).month != at.month;
    switch (month_rule) {
      case 0:
        return at.day == 1;
      case 1:
        return is_last;
      case 2:  // the last working day
        return at.weekday < 5 && (is_last || (at.weekday == 4 && (day_after(2).month != at.month ||
                                                                  day_after(3).month != at.month)));
      case 3:  // the third Friday
        return at.weekday == 4 && at.day >= 15 && at.day <= 21;
      case 4:  // the first working day
        return at.weekday < 5 && (at.day == 1 || (at.weekday == 0 && at.day <= 3));
      case 5:
        return at.day == 15;
      case 6:
        return at.day == 15 || is_last;
      default:
        return at.day == 1 || at.day == 11 || at.day == 21;
    }
  }
};

Shop draw_shop(Draw& draw) {
  Shop shop;
  switch (draw.from(0, 4)) {
    case 0:  // months and quarters
      shop.step = 0;
      shop.months = draw.chance(50) ? 1 : 3;
      shop.month_rule = static_cast<int>(draw.from(0, shop.months == 1 ? 7 : 5));
      if (shop.months == 1 && draw.chance(30)) {
        const std::int64_t closed = draw.from(0, 11);
        for (std::int64_t i = 0, count = draw.from(1, 3); i < count; ++i)
          shop.open_months[static_cast<std::size_t>((closed + i) % 12)] = false;
      }
      shop.description =
          "month rule " + std::to_string(shop.month_rule) + " every " + std::to_string(shop.months);
      return shop;
    case 1:
      shop.step = 7 * one_day;
      shop.description = "weeks";
      return shop;
    default:
      break;
  }
  if (draw.chance(80)) {
    do {
      for (std::size_t weekday = 0; weekday < 7; ++weekday)
        shop.open_days[weekday] = draw.chance(65);
    } while (std::count(shop.open_days.begin(), shop.open_days.end(), true) < 1);
  }
  if (draw.chance(60)) {
    const std::vector<std::int64_t> steps{900, 1800, 3600, 7200, 10800, 14400};
    shop.step = steps[static_cast<std::size_t>(draw.from(0, 5))];
    shop.phase = draw.chance(25) ? shop.step / 2 : 0;
    const std::int64_t slots = one_day / shop.step;
    Hours hours{draw.from(0, slots / 2), 0};
    hours.last = hours.first + draw.from(1, slots - 2);
    if (draw.chance(20)) hours.pause = (hours.first + 2) % slots;
    Hours shorter = hours;
    shorter.last = shorter.first + (hours.last - hours.first + 1) / 2 + 1;
    const bool differs = draw.chance(30);
    for (int weekday = 0; weekday < 7; ++weekday)
      shop.hours.push_back(differs && weekday >= 4 ? shorter : hours);
    if (draw.chance(10)) shop.hours.clear();  // day and night
  }
  shop.description = std::to_string(shop.step) + " s, days ";
  for (const bool open : shop.open_days) shop.description += open ? '1' : '0';
  if (!shop.hours.empty()) {
    for (const std::size_t weekday : {0U, 6U}) {
      const Hours& hours = shop.hours[weekday];
      shop.description += " " + std::to_string(hours.first) + ".." + std::to_string(hours.last) +
                          " but " + std::to_string(hours.pause);
    }
  }
  return shop;
}

struct Rows {
  std::vector<std::int64_t> times;
  std::size_t learnt = 0;  // the rest follows, and has no exceptions
};

Rows draw_rows(const Shop& shop, std::size_t following, Draw& draw) {
  Rows rows;
  const bool by_month = shop.step == 0;
  const std::int64_t unit = by_month ? one_day : shop.step;
  const std::int64_t begin = 16436 * one_day + draw.from(0, 400) * one_day + shop.phase;
  const std::int64_t weeks = by_month               ? (shop.months == 1 ? 300 : 700)
                             : shop.step < one_day  ? draw.from(3, 8)
                             : shop.step == one_day ? draw.from(8, 60)
                                                    : draw.from(60, 200);
  const std::int64_t learnt_until = begin + weeks * 7 * one_day;
  const std::int64_t exception =
      draw.chance(50) ? begin + draw.from(0, weeks * 7 * one_day / unit) * unit : -1;
  bool is_holiday = false;
  for (std::int64_t time = begin; rows.times.size() < rows.learnt + following || rows.learnt == 0;
       time += unit) {
    if (time >= learnt_until && rows.times.size() >= 60 && rows.learnt == 0)
      rows.learnt = rows.times.size();
    const bool is_new_day = (time - shop.phase) % one_day == 0;
    if (is_new_day || by_month) is_holiday = !by_month && draw.chance(shop.step > one_day ? 0 : 4);
    bool has_row = shop.is_open(time);
    if (rows.learnt == 0) {
      // The last row to learn from is followed by the next that should come.
      const bool may_miss = time < learnt_until - (by_month ? 100 : 8) * one_day;
      if (may_miss && (is_holiday || draw.chance(1))) has_row = false;
      if (time == exception) has_row = true;
    }
    if (has_row) rows.times.push_back(time);
  }
  return rows;
}

std::string csv(const std::vector<std::int64_t>& times, std::size_t count) {
  std::string text = "time,x\n";
  for (std::size_t row = 0; row < count; ++row) {
    const data::ClockTime at = data::clock_time(times[row]);
    const double value = 50.0 + 10.0 * std::sin(at.weekday) + 5.0 * std::cos(at.hour / 4.0) +
                         static_cast<double>(times[row] / 900 * 7919 % 101) / 50.0;
    text += data::format_timestamp(times[row], false) + "," + std::to_string(value) + "\n";
  }
  return text;
}

class ForecasterCalendar : public testing::Test {
 protected:
  data::TimeSeries read(const std::vector<std::int64_t>& times, std::size_t count,
                        const data::RowCalendar& calendar = {}) {
    const std::string path = folder_.path("data.csv");
    std::ofstream(path, std::ios::binary) << csv(times, count);
    return data::read_time_series(path, {.columns = {"x"}, .calendar = calendar});
  }
  void check_run_against_backtest(int seed) {
    Draw draw(static_cast<std::uint64_t>(seed));
    const Shop shop = draw_shop(draw);
    const auto horizon = static_cast<std::size_t>(draw.from(1, 6));
    const std::size_t following = horizon + 3;
    const Rows rows = draw_rows(shop, following, draw);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + shop.description);

    ForecastOptions options;
    options.horizon = static_cast<std::int64_t>(horizon);
    options.test_rows = static_cast<std::int64_t>(following);
    options.epochs = 1;
    options.units = 2;
    options.networks = 1;
    options.lookback = 6;
    options.transform = "none";
    const data::TimeSeries all = read(rows.times, rows.times.size());
    const Forecaster forecaster = Forecaster::train(all, options).forecaster;

    // One forecast, from the last training row.
    const data::TimeSeries known = read(rows.times, rows.learnt);
    const Forecast predicted = forecaster.run(known);
    const std::vector<std::int64_t> expected(
        rows.times.begin() + static_cast<std::ptrdiff_t>(rows.learnt),
        rows.times.begin() + static_cast<std::ptrdiff_t>(rows.learnt + horizon));
    ASSERT_EQ(predicted.times, expected) << forecaster.calendar().sentence();
    const data::TimeSeries so_far = read(rows.times, rows.learnt + horizon, forecaster.calendar());
    const ForecastReport once = forecaster.backtest(so_far, {.rows = options.horizon});
    ASSERT_EQ(once.forecasts, 1);
    EXPECT_EQ(once.predicted.front(), predicted.mean.front());
    for (std::size_t step = 0; step < horizon; ++step) {
      const double truth = so_far.at(so_far.rows() - options.horizon + std::int64_t(step), 0);
      EXPECT_EQ(once.model.rmse_by_step[step], std::abs(predicted.mean[step] - truth)) << step;
    }
    // And one from each row.
    const ForecastReport back = forecaster.backtest(all, {.rows = options.test_rows});
    ASSERT_EQ(back.predicted.size(), following - horizon + 1);
    for (std::size_t n = 0; n < back.predicted.size(); ++n) {
      const data::TimeSeries part = read(rows.times, rows.learnt + n, forecaster.calendar());
      const Forecast next = forecaster.run(part);
      EXPECT_EQ(next.times.front(), back.times[n]);
      EXPECT_EQ(next.mean.front(), back.predicted[n]);
    }
  }

  test::TemporaryFolder folder_;
};

// A shop from Monday to Saturday; its model was written before calendars were kept
// (tests/tasks/files: forecast train by 433a8ed, horizon 2, on these rows).
TEST_F(ForecasterCalendar, LearnsTheClockOfAnOldModelFromTheRowsAtHand) {
  constexpr std::array<int, 7> week{20, 22, 25, 30, 55, 90, 0};
  std::string text = "day,sold\n";
  for (std::int64_t day = 19359; day < 19561; ++day) {
    const int usual = week[static_cast<std::size_t>((day + 3) % 7)];
    if (usual == 0) continue;
    text += data::format_timestamp(day * one_day, true) + "," +
            std::to_string(usual + day * 7919 % 5) + "\n";
  }
  const std::string path = folder_.path("data.csv");
  std::ofstream(path, std::ios::binary) << text;
  const Forecaster old = Forecaster::load(
      (test::source_dir() / "tests/tasks/files/forecast_433a8ed.chronicler").string());
  EXPECT_FALSE(old.calendar());
  const data::TimeSeries series = data::read_time_series(path, {.columns = {"sold"}});
  const Forecast next = old.run(series);
  ASSERT_EQ(next.times.size(), 2U);
  EXPECT_EQ(series.format_time(next.times[0]), "2023-07-24");  // after Saturday the 22nd
  EXPECT_EQ(series.format_time(next.times[1]), "2023-07-25");
  EXPECT_NEAR(next.mean[0], 22.0, 5.0);
  EXPECT_NEAR(next.mean[1], 24.0, 5.0);
}

TEST_F(ForecasterCalendar, RunPredictsWhatBacktestPredicts) {
  const char* wanted = std::getenv("CHRONICLER_CALENDARS");
  const int seeds = wanted == nullptr ? 100 : std::max(1, std::atoi(wanted));
  for (int seed = 1; seed <= seeds; ++seed) check_run_against_backtest(seed);
}

}  // namespace
}  // namespace chronicler::tasks
