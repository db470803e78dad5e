#include "tasks/forecast/recipe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

constexpr std::string_view kind = "chronicler forecast";
constexpr std::int64_t version = 1;

std::vector<double> numbers(const JsonPlace& place) {
  std::vector<double> result;
  for (const JsonPlace& item : place.items()) result.push_back(item.number());
  return result;
}

std::vector<std::string> texts(const JsonPlace& place) {
  std::vector<std::string> result;
  for (const JsonPlace& item : place.items()) result.push_back(item.text());
  return result;
}

std::int64_t at_least(const JsonPlace& place, std::int64_t low) {
  const std::int64_t value = place.whole();
  if (value < low) place.refuse(fmt::format("at least {}", low));
  return value;
}

std::int64_t between(const JsonPlace& place, std::int64_t low, std::int64_t high) {
  const std::int64_t value = place.whole();
  if (value < low || value > high) place.refuse(fmt::format("from {} to {}", low, high));
  return value;
}

void check_size(const JsonPlace& place, std::size_t size) {
  if (place.json().size() == size) return;
  throw Error(
      fmt::format("{} must have {} members, got {}", place.path(), size, place.json().size()));
}

Json clock_to_json(const data::RowCalendar& clock) {
  Json open = Json::array();  // as stretches of slots, [begin, end)
  for (std::size_t begin = 0; begin < clock.open.size();) {
    std::size_t end = begin + 1;
    while (end < clock.open.size() && clock.open[end] == clock.open[begin]) ++end;
    if (clock.open[begin] != 0) open.push_back({begin, end});
    begin = end;
  }
  Json closed = Json::array();
  for (int month = 0; month < 12; ++month) {
    if ((clock.closed_months >> month & 1) != 0) closed.push_back(month + 1);
  }
  Json month_days = Json::array();
  for (const data::MonthDay& day : clock.month_days) {
    month_days.push_back(
        {{"day", day.day}, {"weekdays", day.weekdays}, {"backwards", day.backwards}});
  }
  return {{"phase", clock.phase},
          {"open", open},
          {"closed_months", closed},
          {"month_days", month_days},
          {"month_phase", clock.month_phase},
          {"carries_forward", clock.carries_forward}};
}

void read_clock(const JsonPlace& place, data::RowCalendar& clock) {
  constexpr std::int64_t day = 86400;
  clock.phase = between(place["phase"], 0, std::max<std::int64_t>(clock.step.seconds - 1, 0));
  const std::vector<JsonPlace> stretches = place["open"].items();
  if (!stretches.empty()) {
    if (clock.step.seconds == 0 || day % clock.step.seconds != 0)
      place["open"].refuse("empty: its slots are no whole parts of a day");
    clock.open.assign(static_cast<std::size_t>(7 * day / clock.step.seconds), 0);
    std::int64_t last = 0;
    for (const JsonPlace& stretch : stretches) {
      check_size(stretch, 2);
      const std::vector<JsonPlace> ends = stretch.items();
      const auto slots = static_cast<std::int64_t>(clock.open.size());
      const std::int64_t begin = between(ends[0], last, slots - 1);
      last = between(ends[1], begin + 1, slots);
      std::fill(clock.open.begin() + begin, clock.open.begin() + last, 1);
    }
  }
  for (const JsonPlace& month : place["closed_months"].items())
    clock.closed_months |= static_cast<std::uint16_t>(1U << (between(month, 1, 12) - 1));
  if (clock.closed_months == 0xFFF) place["closed_months"].refuse("fewer than all");
  for (const JsonPlace& rule : place["month_days"].items()) {
    const int least = clock.month_days.empty() ? 1 : clock.month_days.back().day + 1;
    clock.month_days.push_back({static_cast<int>(between(rule["day"], least, 31)),
                                static_cast<std::uint8_t>(between(rule["weekdays"], 1, 127)),
                                rule["backwards"].flag()});
  }
  clock.month_phase =
      between(place["month_phase"], 0, std::max<std::int64_t>(clock.step.months - 1, 0));
  clock.carries_forward = place["carries_forward"].flag();
}

constexpr std::array date_orders{data::DateOrder::month_first, data::DateOrder::day_first,
                                 data::DateOrder::year_first};

Json json_of(const data::Notation& notation) {
  Json json = Json::object();
  if (notation.dates) json["dates"] = data::name_of(*notation.dates);
  if (notation.decimal != '\0') json["decimal"] = std::string(1, notation.decimal);
  if (!notation.thousands.empty()) json["thousands"] = notation.thousands;
  if (notation.no_time) json["no_time"] = true;
  for (const data::CellEquals& one : notation.where)
    json["where"].push_back({{"column", one.column}, {"value", one.value}});
  return json;
}

data::Notation notation_of(const JsonPlace& place) {
  data::Notation notation;
  if (const auto dates = place.find("dates")) {
    for (const data::DateOrder order : date_orders) {
      if (dates->text() == data::name_of(order)) notation.dates = order;
    }
    if (!notation.dates) dates->refuse("\"day first\", \"month first\" or \"year first\"");
  }
  if (const auto decimal = place.find("decimal")) {
    if (decimal->text() != "." && decimal->text() != ",") decimal->refuse("\".\" or \",\"");
    notation.decimal = decimal->text().front();
  }
  if (const auto thousands = place.find("thousands")) notation.thousands = thousands->text();
  const auto no_time = place.find("no_time");
  notation.no_time = no_time && no_time->flag();
  if (const auto where = place.find("where")) {
    for (const JsonPlace& one : where->items())
      notation.where.push_back({one["column"].text(), one["value"].text()});
  }
  return notation;
}

}  // namespace

double Scale::scaled(double value) const {
  return ((log ? std::log(value) : value) - mean) / deviation;
}

double Scale::original(double z) const {
  const double value = z * deviation + mean;
  return log ? std::exp(value) : value;
}

std::vector<std::string> ForecastRecipe::columns() const {
  std::vector<std::string> all = targets;
  all.insert(all.end(), covariates.begin(), covariates.end());
  all.insert(all.end(), future.begin(), future.end());
  return all;
}

std::string ForecastRecipe::to_json() const {
  Json json{{"kind", kind}, {"version", version}};
  json["targets"] = targets;
  json["covariates"] = covariates;
  if (!future.empty()) json["future"] = future;
  Json scale_list = Json::array();
  for (const Scale& scale : scales) {
    scale_list.push_back(
        {{"log", scale.log}, {"mean", scale.mean}, {"deviation", scale.deviation}});
  }
  json["scales"] = scale_list;
  json["time_column"] = time_column;
  json["notation"] = json_of(notation);
  json["own_clock"] = own_clock;
  json["step_seconds"] = clock.step.seconds;
  json["step_months"] = clock.step.months;
  if (clock_is_learnt) json["clock"] = clock_to_json(clock);
  json["calendar"] = calendar;
  json["calendar_year"] = calendar_year;
  json["horizon"] = horizon;
  json["lookback"] = lookback;
  json["covariate_lookback"] = covariate_lookback;
  json["memory"] = memory;
  json["period"] = period;
  json["change"] = change;
  json["step_change"] = step_change;
  if (!effects.empty()) json["effects"] = effects;
  json["quantiles"] = quantiles;
  json["calibration"] = calibration;
  json["confidence"] = confidence;
  json["linear_lookback"] = linear_lookback;
  json["linear_weights"] = linear_weights;
  json["linear_intercept"] = linear_intercept;
  json["seasonal_error"] = seasonal_error;
  json["trained_rows"] = trained_rows;
  json["trained_until"] = trained_until;
  return to_text(json);
}

ForecastRecipe ForecastRecipe::from_json(std::string_view text, std::string_view what) {
  const Json json = parse_json(text, what);
  const JsonPlace place(json, std::string(what));
  if (place["kind"].text() != kind) place["kind"].refuse(fmt::format("\"{}\"", kind));
  if (place["version"].whole() != version) {
    throw Error(fmt::format("{} is of version {}, this program knows version {}", what,
                            place["version"].whole(), version),
                "use a newer Chronicler");
  }
  ForecastRecipe recipe;
  recipe.targets = texts(place["targets"]);
  recipe.covariates = texts(place["covariates"]);
  if (recipe.targets.empty()) place["targets"].refuse("a list of names");
  if (const auto future = place.find("future")) recipe.future = texts(*future);
  check_size(place["scales"], recipe.columns().size());
  for (const JsonPlace& scale : place["scales"].items()) {
    recipe.scales.push_back(
        {scale["log"].flag(), scale["mean"].number(), scale["deviation"].number()});
    if (!(recipe.scales.back().deviation > 0.0)) scale["deviation"].refuse("above 0");
  }
  recipe.time_column = place["time_column"].text();
  if (const auto notation = place.find("notation")) recipe.notation = notation_of(*notation);
  const auto own_clock = place.find("own_clock");
  recipe.own_clock = own_clock && own_clock->flag();
  constexpr std::int64_t longest_step = 1000;  // years
  recipe.clock.step = {between(place["step_seconds"], 0, longest_step * 366 * 86400),
                       between(place["step_months"], 0, longest_step * 12)};
  const std::optional<JsonPlace> clock = place.find("clock");
  recipe.clock_is_learnt = clock.has_value();
  if (clock) read_clock(*clock, recipe.clock);
  recipe.calendar = place["calendar"].flag();
  recipe.calendar_year = place["calendar_year"].flag();
  recipe.horizon = at_least(place["horizon"], 1);
  recipe.lookback = at_least(place["lookback"], 1);
  recipe.covariate_lookback = at_least(place["covariate_lookback"], 0);
  recipe.memory = at_least(place["memory"], 1);
  recipe.period = at_least(place["period"], 1);
  recipe.change = place["change"].number();
  recipe.step_change = place["step_change"].number();
  if (!(recipe.change > 0.0)) place["change"].refuse("above 0");
  if (!(recipe.step_change > 0.0)) place["step_change"].refuse("above 0");
  if (const auto effects = place.find("effects")) {
    check_size(*effects, recipe.targets.size() * recipe.future.size());
    recipe.effects = numbers(*effects);
  }
  recipe.quantiles = numbers(place["quantiles"]);
  const auto horizon = static_cast<std::size_t>(recipe.horizon);
  check_size(place["calibration"], recipe.quantiles.size() * horizon);
  recipe.calibration = numbers(place["calibration"]);
  recipe.confidence = place["confidence"].number();
  recipe.linear_lookback = at_least(place["linear_lookback"], 1);
  check_size(place["linear_weights"], static_cast<std::size_t>(recipe.linear_lookback) * horizon);
  recipe.linear_weights = numbers(place["linear_weights"]);
  check_size(place["linear_intercept"], horizon);
  recipe.linear_intercept = numbers(place["linear_intercept"]);
  check_size(place["seasonal_error"], recipe.targets.size());
  recipe.seasonal_error = numbers(place["seasonal_error"]);
  recipe.trained_rows = at_least(place["trained_rows"], 0);
  recipe.trained_until = place["trained_until"].whole();
  return recipe;
}

}  // namespace chronicler::tasks
