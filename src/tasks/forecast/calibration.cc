#include "tasks/forecast/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chronicler::tasks {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void add_held_answers(Functional& network, const ForecastFrame& frame, const TrainingPlan& plan,
                      HeldAnswers& answers) {
  constexpr std::int64_t enough = 3000;
  for (std::int64_t channel = 0; channel < frame.channels(); ++channel) {
    std::vector<std::int64_t> rows;
    const std::int64_t begin = std::max(plan.held.begin - 1, plan.first);
    const std::int64_t end = plan.held.end - plan.shape.horizon;
    const std::int64_t every = std::max<std::int64_t>(1, (end - begin) / enough);
    for (std::int64_t row = begin; row < end; row += every) {
      rows.push_back(row);
      for (std::int64_t h = 1; h <= plan.shape.horizon; ++h) {
        answers.truth.push_back(frame.is_observed(channel, row + h) ? frame.change(channel, row, h)
                                                                    : nothing);
      }
    }
    const std::vector<float> predicted =
        predicted_changes(network, frame, channel, rows, plan.memory);
    answers.answers.insert(answers.answers.end(), predicted.begin(), predicted.end());
  }
}

void calibrate(const HeldAnswers& answers, ForecastRecipe& recipe) {
  const auto horizon = static_cast<std::size_t>(recipe.horizon);
  const std::size_t quantiles = recipe.quantiles.size();
  const std::size_t width = (1 + quantiles) * horizon;
  const std::size_t count = answers.truth.size() / horizon;
  double predicted_truth = 0.0;
  double predicted_squares = 0.0;
  for (std::size_t i = 0; i < answers.truth.size(); ++i) {
    if (std::isnan(answers.truth[i])) continue;
    const auto predicted = static_cast<double>(answers.answers[i / horizon * width + i % horizon]);
    predicted_truth += predicted * answers.truth[i];
    predicted_squares += predicted * predicted;
  }
  // A change that is predicted too large by far is worth less than none: believe what the rows
  // show.
  const double share = predicted_squares > 0.0 ? predicted_truth / predicted_squares : 0.0;
  recipe.confidence = share < 0.8 ? std::clamp(share, 0.0, 1.0) : 1.0;
  recipe.calibration.resize(quantiles * horizon, 0.0);
  for (std::size_t q = 0; q < quantiles; ++q) {
    for (std::size_t h = 0; h < horizon; ++h) {
      std::vector<double> errors;
      for (std::size_t n = 0; n < count; ++n) {
        const double truth = answers.truth[n * horizon + h];
        if (std::isnan(truth)) continue;
        errors.push_back(truth -
                         static_cast<double>(answers.answers[n * width + (q + 1) * horizon + h]));
      }
      if (errors.size() < 20) continue;
      const auto at = static_cast<std::size_t>(
          std::clamp(recipe.quantiles[q] * static_cast<double>(errors.size()), 0.0,
                     static_cast<double>(errors.size() - 1)));
      std::nth_element(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(at),
                       errors.end());
      recipe.calibration[q * horizon + h] = errors[at];
    }
  }
}

PredictedValues predicted_values(const ForecastRecipe& recipe, Functional& network,
                                 const ForecastFrame& frame, std::int64_t channel,
                                 const std::vector<std::int64_t>& rows) {
  const std::vector<float> changes =
      predicted_changes(network, frame, channel, rows, recipe.memory);
  const auto horizon = static_cast<std::size_t>(recipe.horizon);
  const std::size_t count = recipe.quantiles.size();
  PredictedValues predicted;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const float* answer = &changes[n * (1 + count) * horizon];
    const auto forecast = [&](std::size_t h, double change) {
      return frame.forecast(channel, rows[n], static_cast<std::int64_t>(h) + 1, change);
    };
    for (std::size_t h = 0; h < horizon; ++h)
      predicted.mean.push_back(forecast(h, recipe.confidence * static_cast<double>(answer[h])));
    std::vector<double> values(count * horizon);
    for (std::size_t h = 0; h < horizon; ++h) {
      std::vector<double> sorted;
      for (std::size_t q = 0; q < count; ++q) {
        const double change = static_cast<double>(answer[(q + 1) * horizon + h]) +
                              recipe.calibration[q * horizon + h];
        sorted.push_back(forecast(h, change));
      }
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t q = 0; q < count; ++q) values[q * horizon + h] = sorted[q];
    }
    predicted.quantiles.insert(predicted.quantiles.end(), values.begin(), values.end());
  }
  return predicted;
}

}  // namespace chronicler::tasks
