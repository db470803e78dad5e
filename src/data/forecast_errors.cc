#include "chronicler/data/forecast_errors.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::data {
namespace {

void check_lengths(std::span<const double> actual, std::span<const double> forecast) {
  if (actual.size() == forecast.size() && !actual.empty()) return;
  throw Error(fmt::format("a forecast of {} steps cannot be compared with {} values",
                          forecast.size(), actual.size()));
}

}  // namespace

double smape(std::span<const double> actual, std::span<const double> forecast) {
  check_lengths(actual, forecast);
  double sum = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double size = std::abs(actual[i]) + std::abs(forecast[i]);
    if (size != 0.0) sum += std::abs(actual[i] - forecast[i]) / size;
  }
  return 200.0 * sum / static_cast<double>(actual.size());
}

double mase(std::span<const double> actual, std::span<const double> forecast,
            std::span<const double> history, std::int64_t season) {
  check_lengths(actual, forecast);
  if (season < 1) throw Error(fmt::format("a season must be at least 1 step long, got {}", season));
  const auto lag = static_cast<std::size_t>(season);
  if (history.size() <= lag) {
    throw Error(fmt::format("a history of {} values is too short for a season of {}",
                            history.size(), season),
                "give the values before the forecast");
  }
  double naive = 0.0;
  for (std::size_t t = lag; t < history.size(); ++t)
    naive += std::abs(history[t] - history[t - lag]);
  naive /= static_cast<double>(history.size() - lag);
  if (naive == 0.0) {
    throw Error("the naive forecast makes no error in this history, which cannot scale others",
                "use smape, or a history that is not constant");
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) sum += std::abs(actual[i] - forecast[i]);
  return sum / static_cast<double>(actual.size()) / naive;
}

}  // namespace chronicler::data
