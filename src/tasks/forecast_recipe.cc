#include "tasks/forecast_recipe.h"

#include <cmath>

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

void check_size(const JsonPlace& place, std::size_t size) {
  if (place.json().size() == size) return;
  throw Error(
      fmt::format("{} must have {} members, got {}", place.path(), size, place.json().size()));
}

}  // namespace

double Scale::scaled(double value) const {
  return ((log ? std::log(value) : value) - mean) / deviation;
}

double Scale::original(double z) const {
  const double value = z * deviation + mean;
  return log ? std::exp(value) : value;
}

std::string ForecastRecipe::to_json() const {
  Json json{{"kind", kind}, {"version", version}};
  json["targets"] = targets;
  json["covariates"] = covariates;
  Json scale_list = Json::array();
  for (const Scale& scale : scales) {
    scale_list.push_back(
        {{"log", scale.log}, {"mean", scale.mean}, {"deviation", scale.deviation}});
  }
  json["scales"] = scale_list;
  json["time_column"] = time_column;
  json["step_seconds"] = step.seconds;
  json["step_months"] = step.months;
  json["calendar"] = calendar;
  json["calendar_year"] = calendar_year;
  json["horizon"] = horizon;
  json["lookback"] = lookback;
  json["covariate_lookback"] = covariate_lookback;
  json["memory"] = memory;
  json["period"] = period;
  json["change"] = change;
  json["step_change"] = step_change;
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
  check_size(place["scales"], recipe.targets.size() + recipe.covariates.size());
  for (const JsonPlace& scale : place["scales"].items()) {
    recipe.scales.push_back(
        {scale["log"].flag(), scale["mean"].number(), scale["deviation"].number()});
    if (!(recipe.scales.back().deviation > 0.0)) scale["deviation"].refuse("above 0");
  }
  recipe.time_column = place["time_column"].text();
  recipe.step = {at_least(place["step_seconds"], 0), at_least(place["step_months"], 0)};
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
