#include "tasks/forecast/recipe.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

using Json = nlohmann::ordered_json;

ForecastRecipe recipe_with(const data::RowCalendar& clock) {
  ForecastRecipe recipe;
  recipe.targets = {"y"};
  recipe.scales = {{false, 8.0, 2.0}};
  recipe.clock = clock;
  recipe.linear_weights = {0.5};
  recipe.linear_intercept = {0.0};
  recipe.seasonal_error = {1.0};
  return recipe;
}

std::vector<data::RowCalendar> clocks() {
  data::RowCalendar office{.step = {3600, 0}, .phase = 1800};
  for (std::size_t slot = 0; slot < 168; ++slot)
    office.open.push_back(slot < 120 && slot % 24 > 8 && slot % 24 < 18 ? 1 : 0);
  const data::RowCalendar school{.step = {0, 1},
                                 .month_days = {{31, 0b0011111, true}},
                                 .closed_months = 0b11000000,
                                 .carries_forward = false};
  const data::RowCalendar quarters{.step = {0, 3}, .month_days = {{15}, {31}}, .month_phase = 2};
  return {office, school, quarters, {.step = {86400, 0}}, {}};
}

TEST(ForecastRecipe, KeepsItsClock) {
  for (const data::RowCalendar& clock : clocks()) {
    const ForecastRecipe recipe =
        ForecastRecipe::from_json(recipe_with(clock).to_json(), "forecast.json");
    EXPECT_TRUE(recipe.clock_is_learnt);
    EXPECT_EQ(recipe.clock, clock);
  }
}

TEST(ForecastRecipe, KeepsColumnsThatAreKnownAhead) {
  ForecastRecipe written = recipe_with({});
  EXPECT_EQ(written.to_json().find("future"), std::string::npos);
  written.covariates = {"c"};
  written.future = {"f", "g"};
  written.scales.resize(4);
  written.effects = {0.5, -2.0};
  const ForecastRecipe recipe = ForecastRecipe::from_json(written.to_json(), "forecast.json");
  EXPECT_EQ(recipe.columns(), (std::vector<std::string>{"y", "c", "f", "g"}));
  EXPECT_EQ(recipe.future, written.future);
  EXPECT_EQ(recipe.effects, written.effects);
  Json damaged = Json::parse(written.to_json());
  damaged["effects"] = {0.5};
  EXPECT_THROW(ForecastRecipe::from_json(damaged.dump(), "forecast.json"), Error);
  damaged = Json::parse(written.to_json());
  damaged["future"] = {"f"};
  EXPECT_THROW(ForecastRecipe::from_json(damaged.dump(), "forecast.json"), Error);
}

TEST(ForecastRecipe, ReadsFilesFromBeforeClocksWereKept) {
  Json json = Json::parse(recipe_with(clocks().front()).to_json());
  json.erase("clock");
  const ForecastRecipe recipe = ForecastRecipe::from_json(json.dump(), "forecast.json");
  EXPECT_FALSE(recipe.clock_is_learnt);
  EXPECT_EQ(recipe.clock, (data::RowCalendar{.step = {3600, 0}}));
}

// What is damaged is refused, or is a clock that goes on.
TEST(ForecastRecipe, RefusesClocksThatAreNone) {
  const std::vector<Json> values{nullptr,
                                 true,
                                 -1,
                                 0,
                                 7,
                                 200,
                                 3600,
                                 4294967296,
                                 9223372036854775807,
                                 1e300,
                                 0.5,
                                 "x",
                                 Json::array(),
                                 Json::object(),
                                 {{0}},
                                 {{5, 2}},
                                 {{0, 1}, {0, 1}},
                                 {{0, 4294967296}},
                                 {{-1, 5}},
                                 {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                                 {13},
                                 {0}};
  int refused = 0;
  for (const data::RowCalendar& clock : clocks()) {
    const Json whole = Json::parse(recipe_with(clock).to_json());
    std::vector<Json::json_pointer> places{Json::json_pointer("/step_seconds"),
                                           Json::json_pointer("/step_months"),
                                           Json::json_pointer("/clock")};
    for (const auto& [name, value] : whole["clock"].items())
      places.push_back(Json::json_pointer("/clock") / name);
    for (const auto& place : places) {
      for (const Json& value : values) {
        Json damaged = whole;
        damaged[place] = value;
        try {
          const ForecastRecipe recipe = ForecastRecipe::from_json(damaged.dump(), "forecast.json");
          if (!recipe.clock) continue;
          EXPECT_GE(recipe.clock.after(1'700'000'000, 3), 1'700'000'000) << place << " " << value;
          EXPECT_LT(recipe.clock.sentence().size(), 400U);
        } catch (const Error& error) {
          EXPECT_NE(std::string(error.what()).find("forecast.json"), std::string::npos);
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace chronicler::tasks
