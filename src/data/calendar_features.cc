// The place in the calendar as sines and cosines.
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/time_series.h"

namespace chronicler::data {

namespace {

// A cycle of the calendar and how many sine waves encode the place in it.
struct Cycle {
  std::string_view name;
  int waves;
  double (*share)(const ClockTime& time);
};

std::vector<Cycle> cycles_of(const TimeStep& step, bool with_year) {
  const double days = step.in_days();
  std::vector<Cycle> cycles;
  if (days < 0.45) {
    cycles.push_back({"day", 4, [](const ClockTime& t) { return t.hour / 24.0; }});
  }
  if (days < 4.0) {
    cycles.push_back(
        {"week", 3, [](const ClockTime& t) { return (t.weekday + t.hour / 24.0) / 7.0; }});
  }
  if (with_year && days < 100.0) {
    cycles.push_back(
        {"year", days > 20.0 ? 4 : 2, [](const ClockTime& t) { return t.year_share; }});
  }
  return cycles;
}

}  // namespace

std::vector<std::string> calendar_names(const TimeStep& step, bool with_year) {
  std::vector<std::string> names;
  for (const Cycle& cycle : cycles_of(step, with_year)) {
    for (int wave = 1; wave <= cycle.waves; ++wave) {
      names.push_back(fmt::format("{} sine {}", cycle.name, wave));
      names.push_back(fmt::format("{} cosine {}", cycle.name, wave));
    }
  }
  return names;
}

std::vector<float> calendar(std::span<const std::int64_t> times, const TimeStep& step,
                            bool with_year) {
  const std::vector<Cycle> cycles = cycles_of(step, with_year);
  std::vector<float> result;
  for (const std::int64_t time : times) {
    ClockTime clock = clock_time(time);
    if (step.months > 0) clock.year_share = (clock.month - 1) / 12.0;
    for (const Cycle& cycle : cycles) {
      const double angle = 2.0 * std::numbers::pi * cycle.share(clock);
      for (int wave = 1; wave <= cycle.waves; ++wave) {
        result.push_back(static_cast<float>(std::sin(wave * angle)));
        result.push_back(static_cast<float>(std::cos(wave * angle)));
      }
    }
  }
  return result;
}

}  // namespace chronicler::data
