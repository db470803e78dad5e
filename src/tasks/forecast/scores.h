// Ways to forecast beside one another: errors, what is chance among them, and the sentence that
// says who won.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/tasks/forecaster.h"

namespace chronicler::tasks {

// Forecasts of one channel, (forecasts, H) each, in the data's units.
struct ChannelForecasts {
  std::vector<double> last;   // (forecasts): the value that each starts from
  std::vector<double> truth;  // NaN does not count
  std::vector<double> model;
  std::vector<double> repeat_last;
  std::vector<double> seasonal_naive;
  std::vector<double> linear_ar;
  std::vector<double> low;  // of the outer quantiles; empty without
  std::vector<double> high;
  double deviation = 1.0;       // of the training part
  double seasonal_error = 1.0;  // for MASE
};

// Fills in the scores, the comparison with the best baseline and the verdict.
void compare(const std::vector<ChannelForecasts>& channels, std::int64_t horizon,
             ForecastReport& report);

}  // namespace chronicler::tasks
