// Sunspots, twelve months ahead: an LSTM beside what needs no network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "chronicler/insight/chart.h"
#include "chronicler/insight/report.h"
#include "chronicler/model/model.h"
#include "cli/demo/story.h"

namespace chronicler::cli::demo {

inline constexpr std::int64_t months_ahead = 12;
inline constexpr std::int64_t months_seen = 96;  // by the LSTM and by the linear autoregression

// One way to forecast, and its errors over all months of all test windows, in sunspots.
struct Forecaster {
  std::string name;  // "LSTM"
  Tensor forecast;   // (N, 12)
  double rmse = 0.0;
  double mae = 0.0;
};

struct SunspotForecasts {
  std::shared_ptr<Sequential> model;
  History history;
  Effort effort;
  std::int64_t period = 0;  // months, found in the training part
  Tensor truth;             // (N, 12): the 12 months after each test window
  double first_year = 0.0;  // of truth (0, 0)
  Forecaster lstm;
  Forecaster repeat_last;
  Forecaster seasonal_naive;
  Forecaster linear_ar;
};

// Trains on the first 70 % of the months, stops by the next 10 %, and tests on the last 20 %. What
// scales the numbers is learnt from the first part alone.
SunspotForecasts forecast_sunspots(const std::filesystem::path& path, std::int64_t epochs,
                                   std::uint64_t seed, const Story& story);

insight::ReportTable sunspot_table(const SunspotForecasts& forecasts);
// Who wins, in a sentence.
std::string sunspot_verdict(const SunspotForecasts& forecasts);
// The truth, and the LSTM's forecasts made once a year.
insight::LineChart sunspot_chart(const SunspotForecasts& forecasts);
// Each forecaster's error by how many months ahead it forecasts.
insight::LineChart sunspot_error_chart(const SunspotForecasts& forecasts);

}  // namespace chronicler::cli::demo
