#include "tasks/forecast/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "tasks/forecast/adapt.h"
#include "tasks/forecast/calibration.h"
#include "tasks/forecast/frame.h"
#include "tasks/forecast/own_path.h"
#include "tasks/forecast/scores.h"

namespace chronicler::tasks {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

ForecastReport measure_forecasts(const ForecastRecipe& recipe, Functional& network,
                                 const data::TimeSeries& series, std::int64_t begin,
                                 std::int64_t every, const AdaptOptions* adapt) {
  const ForecastFrame frame(recipe, series);
  const ForecastFrame targets_alone(without_effects(recipe), series);
  const std::int64_t horizon = recipe.horizon;
  std::vector<std::int64_t> rows;
  for (std::int64_t row = begin - 1; row + horizon < series.rows(); row += every)
    rows.push_back(row);
  ForecastReport report;
  report.period = recipe.period;
  report.quantiles = recipe.quantiles;
  std::vector<PredictedValues> adapting;
  if (adapt != nullptr) adapting = adapting_predictions(recipe, network, frame, rows, *adapt);
  std::vector<ChannelForecasts> channels;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    const auto column = static_cast<std::size_t>(channel);
    const Scale& scale = recipe.scales[column];
    ChannelForecasts all;
    const PredictedValues predicted = adapt == nullptr
                                          ? predicted_values(recipe, network, frame, channel, rows)
                                          : std::move(adapting[column]);
    all.model = predicted.mean;
    const std::size_t quantiles = recipe.quantiles.size();
    for (std::size_t n = 0; n < rows.size(); ++n) {
      const std::int64_t row = rows[n];
      const double last = series.at(row, column);
      all.last.push_back(last);
      const std::vector<double> change = linear_change(recipe, targets_alone, channel, row);
      for (std::int64_t h = 1; h <= horizon; ++h) {
        const auto step = static_cast<std::size_t>(h - 1);
        all.truth.push_back(series.is_observed(row + h, column) ? series.at(row + h, column)
                                                                : nothing);
        all.repeat_last.push_back(last);
        const std::int64_t back = (h + recipe.period - 1) / recipe.period * recipe.period;
        all.seasonal_naive.push_back(series.at(std::max<std::int64_t>(row + h - back, 0), column));
        all.linear_ar.push_back(targets_alone.forecast(channel, row, h, change[step]));
        if (quantiles < 2) continue;
        const auto width = static_cast<std::size_t>(horizon);
        all.low.push_back(predicted.quantiles[n * quantiles * width + step]);
        all.high.push_back(predicted.quantiles[(n * quantiles + quantiles - 1) * width + step]);
      }
    }
    double sum = 0.0;
    double squares = 0.0;
    if (scale.log) {  // the deviation of the numbers themselves
      const std::int64_t end = std::min(series.rows(), begin);
      for (std::int64_t row = 0; row < end; ++row) sum += series.at(row, column);
      const double mean = sum / static_cast<double>(end);
      for (std::int64_t row = 0; row < end; ++row)
        squares += (series.at(row, column) - mean) * (series.at(row, column) - mean);
      all.deviation = std::sqrt(squares / static_cast<double>(end));
    } else {
      all.deviation = scale.deviation;
    }
    all.seasonal_error = recipe.seasonal_error[column];
    channels.push_back(std::move(all));
  }
  if (recipe.quantiles.size() >= 2)
    report.nominal = recipe.quantiles.back() - recipe.quantiles.front();
  const bool any = std::any_of(channels.begin(), channels.end(), [](const auto& channel) {
    return std::any_of(channel.truth.begin(), channel.truth.end(),
                       [](double value) { return !std::isnan(value); });
  });
  if (!any) {
    throw Error(fmt::format("{}: there is no truth to compare forecasts with in rows {} to {}",
                            series.source, begin + 1, series.rows()));
  }
  compare(channels, horizon, report);
  const ChannelForecasts& first = channels.front();
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const std::size_t at = n * static_cast<std::size_t>(horizon);
    report.rows.push_back(rows[n] + 1);
    if (!series.times.empty())
      report.times.push_back(series.times[static_cast<std::size_t>(rows[n] + 1)]);
    report.truth.push_back(first.truth[at]);
    report.predicted.push_back(first.model[at]);
    if (first.low.empty()) continue;
    report.low.push_back(first.low[at]);
    report.high.push_back(first.high[at]);
  }
  return report;
}

}  // namespace chronicler::tasks
