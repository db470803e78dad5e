// The demo's results as one page, and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/insight/report.h"
#include "cli/demo/digits.h"
#include "cli/demo/memory.h"
#include "cli/demo/sunspots.h"

namespace chronicler::cli::demo {

struct Results {
  std::vector<TrainedModel> digit;             // SimpleRNN, LSTM
  std::vector<TrainedModel> digit_then_noise;  // the same
  std::int64_t test_images = 0;
  std::vector<MemoryCurves> memory;        // of the models of the first task
  std::vector<MemoryCurves> noise_memory;  // of those of the second
  SunspotForecasts sunspots;
};

// `command` is what the page says how to get it again.
insight::Report make_page(const Results& results, const std::string& command);

// models[].{name,task,test_accuracy,seconds}, forecast.{lstm,repeat_last,seasonal_naive,linear_ar}
// (root mean squared errors), files.
std::string to_json(const Results& results, const std::vector<std::string>& files);

}  // namespace chronicler::cli::demo
