#include "cli/demo/sunspots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/csv.h"
#include "chronicler/data/windows.h"
#include "chronicler/layers/layers.h"
#include "chronicler/tasks/baselines.h"
#include "chronicler/training/optimizers/adam.h"

namespace chronicler::cli::demo {
namespace {

constexpr double months_a_year = 12.0;

// What the network sees and predicts: scaled numbers, and the months to come as differences from
// the last month seen, so that saying nothing means repeating it.
struct Examples {
  Tensor inputs;       // (N, months_seen, 1)
  Tensor differences;  // (N, 12)
};

double last_of(const Tensor& inputs, std::int64_t n) {
  const std::int64_t steps = inputs.shape()[1];
  return static_cast<double>(inputs.as<float>()[n * steps + steps - 1]);
}

// values (N, H) + sign * the last step of inputs (N, L, 1).
Tensor shifted(const Tensor& values, const Tensor& inputs, double sign) {
  Tensor result = values.clone();
  const std::int64_t horizon = values.shape()[1];
  for (std::int64_t i = 0; i < values.size(); ++i)
    result.as<float>()[i] += static_cast<float>(sign * last_of(inputs, i / horizon));
  return result;
}

Examples make_examples(const data::Windows& windows, const data::StandardScaler& scaler) {
  const Tensor inputs = scaler.transform(data::last_steps(windows.inputs, months_seen));
  return {inputs, shifted(scaler.transform_column(windows.targets, 0), inputs, -1.0)};
}

Tensor network_forecast(Model& model, const Examples& examples,
                        const data::StandardScaler& scaler) {
  const Tensor differences = model.predict(examples.inputs);
  return scaler.inverse_transform_column(shifted(differences, examples.inputs, 1.0), 0)
      .to(DType::float64);
}

Forecaster judged(std::string name, const Tensor& forecast, const Tensor& truth) {
  return {std::move(name), forecast, tasks::rmse(forecast, truth), tasks::mae(forecast, truth)};
}

std::array<const Forecaster*, 3> baselines_of(const SunspotForecasts& forecasts) {
  return {&forecasts.linear_ar, &forecasts.repeat_last, &forecasts.seasonal_naive};
}

const Forecaster& best_baseline(const SunspotForecasts& forecasts) {
  const auto all = baselines_of(forecasts);
  return **std::min_element(all.begin(), all.end(), [](const Forecaster* a, const Forecaster* b) {
    return a->rmse < b->rmse;
  });
}

}  // namespace

SunspotForecasts forecast_sunspots(const std::filesystem::path& path, std::int64_t epochs,
                                   std::uint64_t seed, const Story& story) {
  const data::Table table = data::read_csv(path);
  const data::SeriesParts parts = data::split_series(table.numbers("Sunspots"));
  SunspotForecasts result;
  result.period = tasks::find_period(parts.train);
  if (result.period == 0) throw Error(fmt::format("{} has no period", path.string()));

  const data::WindowOptions options{.lookback = std::max(months_seen, result.period),
                                    .horizon = months_ahead};
  const data::Windows train = data::make_windows(parts.train, options);
  const data::Windows validation = data::make_windows(parts.validation, options);
  const data::Windows test = data::make_windows(parts.test, options);
  const data::StandardScaler scaler(parts.train);
  const Examples learnt = make_examples(train, scaler);
  const Examples watched = make_examples(validation, scaler);

  clear_session();
  set_random_seed(seed);
  result.model = std::make_shared<Sequential>(
      Sequential({layers::LSTM({.units = 32, .dropout = 0.2, .input_shape = {months_seen, 1}}),
                  layers::Dense({.units = months_ahead})},
                 "sunspots_lstm"));
  Model& model = *result.model;
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 1e-3}), .loss = "mse"});
  model.summary({.print_fn = [&](const std::string& text) { story.out << text << '\n'; }});
  Fitted fitted =
      fit(story, model, learnt.inputs, learnt.differences,
          {.epochs = epochs,
           .callbacks = {callbacks::EarlyStopping({.patience = 10, .restore_best_weights = true})},
           .validation_data = ValidationData{watched.inputs, watched.differences}});
  result.history = std::move(fitted.history);
  result.effort = fitted.effort;

  const Tensor& truth = result.truth = test.targets.to(DType::float64);
  const tasks::LinearAutoregression linear(data::last_steps(train.inputs, months_seen),
                                           train.targets);
  result.lstm = judged("LSTM", network_forecast(model, make_examples(test, scaler), scaler), truth);
  result.linear_ar = judged("linear autoregression",
                            linear.predict(data::last_steps(test.inputs, months_seen)), truth);
  result.repeat_last = judged("repeat last", tasks::repeat_last(test.inputs, months_ahead), truth);
  result.seasonal_naive = judged(
      "seasonal naive", tasks::seasonal_naive(test.inputs, months_ahead, result.period), truth);

  const std::int64_t first_month = table.rows() - parts.test.shape()[0] + options.lookback;
  result.first_year = 1749.0 + static_cast<double>(first_month) / months_a_year;
  return result;
}

insight::ReportTable sunspot_table(const SunspotForecasts& forecasts) {
  const auto row = [](const Forecaster& one) {
    return std::vector<std::string>{one.name, fmt::format("{:.1f}", one.rmse),
                                    fmt::format("{:.1f}", one.mae)};
  };
  insight::ReportTable table{.caption = "Errors over the twelve months ahead, in sunspots",
                             .header = {"forecast", "RMSE", "MAE"},
                             .rows = {row(forecasts.lstm)}};
  for (const Forecaster* one : baselines_of(forecasts)) table.rows.push_back(row(*one));
  const Forecaster& rival = best_baseline(forecasts);
  table.highlight = 0;
  for (std::size_t i = 1; i < table.rows.size() && rival.rmse <= forecasts.lstm.rmse; ++i) {
    if (table.rows[i].front() == rival.name) table.highlight = i;
  }
  return table;
}

std::string sunspot_verdict(const SunspotForecasts& forecasts) {
  const Forecaster& rival = best_baseline(forecasts);
  return forecasts.lstm.rmse < rival.rmse
             ? fmt::format("The LSTM beats every baseline: {:.1f}, next is \"{}\" with {:.1f}.",
                           forecasts.lstm.rmse, rival.name, rival.rmse)
             : fmt::format("The LSTM does not beat \"{}\" ({:.1f} against {:.1f}).", rival.name,
                           forecasts.lstm.rmse, rival.rmse);
}

insight::LineChart sunspot_chart(const SunspotForecasts& forecasts) {
  insight::LineChart chart{.title = "Sunspots a month, and the LSTM's forecasts of the next twelve",
                           .x_label = "year",
                           .y_label = "sunspots",
                           .series = {}};
  insight::Series truth{.name = "truth", .color = 5};  // grey
  insight::Series lstm{.name = "LSTM, each line forecast before it begins", .color = lstm_color};
  const auto year = [&](std::int64_t month) {
    return forecasts.first_year + static_cast<double>(month) / months_a_year;
  };
  const std::int64_t count = forecasts.truth.shape()[0];
  const auto at = [&](const Tensor& values, std::int64_t n, std::int64_t h) {
    return values.as<double>()[n * months_ahead + h];
  };
  for (std::int64_t n = 0; n < count; n += months_ahead) {
    for (std::int64_t h = 0; h < months_ahead; ++h) {
      truth.x.push_back(year(n + h));
      truth.y.push_back(at(forecasts.truth, n, h));
      lstm.x.push_back(year(n + h));
      lstm.y.push_back(at(forecasts.lstm.forecast, n, h));
    }
    lstm.x.push_back(year(n + months_ahead - 1));
    lstm.y.push_back(std::numeric_limits<double>::quiet_NaN());  // the next forecast starts anew
  }
  chart.series = {truth, lstm};
  return chart;
}

insight::LineChart sunspot_error_chart(const SunspotForecasts& forecasts) {
  insight::LineChart chart{.title = "Error by how far ahead",
                           .x_label = "months ahead",
                           .y_label = "RMSE, sunspots",
                           .series = {}};
  const std::int64_t count = forecasts.truth.shape()[0];
  int color = lstm_color;  // and on through the palette
  for (const Forecaster* one : {&forecasts.lstm, &forecasts.linear_ar, &forecasts.repeat_last}) {
    insight::Series series{.name = one->name, .color = color++};
    for (std::int64_t h = 0; h < months_ahead; ++h) {
      double squares = 0.0;
      for (std::int64_t n = 0; n < count; ++n) {
        const std::int64_t place = n * months_ahead + h;
        const double error =
            one->forecast.as<double>()[place] - forecasts.truth.as<double>()[place];
        squares += error * error;
      }
      series.x.push_back(static_cast<double>(h + 1));
      series.y.push_back(std::sqrt(squares / static_cast<double>(count)));
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

}  // namespace chronicler::cli::demo
