// The comparison of a model with its baselines, as people and programs read it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "chronicler/insight/chart.h"
#include "chronicler/tasks/forecaster.h"

namespace chronicler::cli::forecast {

// The verdict, then a table with a line for each way to forecast, then what stands beside it.
std::string to_text(const tasks::ForecastReport& report);
nlohmann::ordered_json to_json(const tasks::ForecastReport& report);
// The last forecasts of a report beside the truth.
insight::LineChart chart_of(const tasks::ForecastReport& report, const std::string& target);

}  // namespace chronicler::cli::forecast
