#include "cli/forecast/report.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "cli/table.h"

namespace chronicler::cli::forecast {
namespace {

using tasks::ForecastReport;
using tasks::ForecastScore;

std::vector<const ForecastScore*> all_of(const ForecastReport& report) {
  std::vector<const ForecastScore*> all{&report.model, &report.repeat_last, &report.seasonal_naive,
                                        &report.linear_ar};
  if (report.adapted) all.insert(all.begin() + 1, &*report.adapted);
  return all;
}

std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4g}", value); }

std::string percent(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.2f} %", value);
}

nlohmann::ordered_json list(const std::vector<double>& values) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const double value : values)
    json.push_back(std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value));
  return json;
}

nlohmann::ordered_json to_json(const ForecastScore& score) {
  const auto number = [](double value) {
    return std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
  };
  return {{"rmse", number(score.rmse)},
          {"mae", number(score.mae)},
          {"mse_scaled", number(score.mse_scaled)},
          {"mae_scaled", number(score.mae_scaled)},
          {"mape", number(score.mape)},
          {"smape", number(score.smape)},
          {"mase", number(score.mase)},
          {"rmse_by_step", list(score.rmse_by_step)},
          {"mape_by_step", list(score.mape_by_step)}};
}

}  // namespace

std::string to_text(const ForecastReport& report) {
  insight::ReportTable table;
  table.header = {"", "RMSE", "MAE", "MAPE", "sMAPE", "MASE", "MSE scaled", "RMSE to model"};
  for (const ForecastScore* score : all_of(report)) {
    std::string name = score->name;
    if (score == &report.seasonal_naive) name += fmt::format(" ({} back)", report.period);
    const double difference = score->rmse - report.model.rmse;
    table.rows.push_back({name, number(score->rmse), number(score->mae), percent(score->mape),
                          percent(score->smape), number(score->mase), number(score->mse_scaled),
                          score == &report.model ? "" : fmt::format("{:+.4g}", difference)});
  }
  std::string text = report.verdict + "\n\n" + cli::to_text(table);
  text += fmt::format(
      "\n{} forecasts; mean squared error {:.1f} % {} the best baseline's (95 % "
      "interval of what is gained {:.1f} to {:.1f} %).\n",
      with_commas(report.forecasts), std::abs(100.0 * report.gain),
      report.gain >= 0.0 ? "below" : "above", 100.0 * report.gain_low, 100.0 * report.gain_high);
  if (report.left_out > 0) {
    text += fmt::format("{} true values are missing in the file and do not count.\n",
                        with_commas(report.left_out));
  }
  if (report.quantiles.size() >= 2) {
    text += fmt::format(
        "Between the quantiles {} and {} lie {:.0f} % of the truths; it should be "
        "{:.0f} %.\n",
        report.quantiles.front(), report.quantiles.back(), 100.0 * report.coverage,
        100.0 * report.nominal);
  }
  if (report.is_random_walk) {
    text += fmt::format(
        "The direction is right in {:.1f} % (95 % interval {:.1f} to {:.1f}); "
        "always saying the more frequent one, in {:.1f} %.\n",
        100.0 * report.direction, 100.0 * report.direction_low, 100.0 * report.direction_high,
        100.0 * report.always_one_way);
  }
  return text;
}

nlohmann::ordered_json to_json(const ForecastReport& report) {
  nlohmann::ordered_json json{{"model", to_json(report.model)},
                              {"repeat_last", to_json(report.repeat_last)},
                              {"seasonal_naive", to_json(report.seasonal_naive)},
                              {"linear_ar", to_json(report.linear_ar)},
                              {"seconds", report.seconds},
                              {"verdict", report.verdict}};
  if (report.adapted) json["adapted"] = to_json(*report.adapted);
  json["forecasts"] = report.forecasts;
  json["missing_truths"] = report.left_out;
  json["period"] = report.period;
  json["gain"] = {
      {"over_best_baseline", report.gain}, {"low", report.gain_low}, {"high", report.gain_high}};
  json["direction"] = {{"right", report.direction},
                       {"low", report.direction_low},
                       {"high", report.direction_high},
                       {"always_one_way", report.always_one_way}};
  json["coverage"] = {
      {"quantiles", report.quantiles}, {"share", report.coverage}, {"nominal", report.nominal}};
  json["random_walk"] = report.is_random_walk;
  json["notes"] = report.notes;
  return json;
}

insight::LineChart chart_of(const ForecastReport& report, const std::string& target) {
  constexpr std::size_t shown = 300;
  insight::LineChart chart{.title = target + ", each value forecast one step ahead",
                           .x_label = "row",
                           .y_label = target,
                           .series = {}};
  const std::size_t count = report.rows.size();
  const std::size_t begin = count > shown ? count - shown : 0;
  const auto add = [&](const char* name, const std::vector<double>& values, int color,
                       bool dashed) {
    if (values.empty()) return;
    insight::Series series{.name = name, .x = {}, .y = {}, .dashed = dashed, .color = color};
    for (std::size_t i = begin; i < count; ++i) {
      series.x.push_back(static_cast<double>(report.rows[i] + 1));
      series.y.push_back(values[i]);
    }
    chart.series.push_back(std::move(series));
  };
  add("truth", report.truth, 5, false);
  add("model", report.predicted, 0, false);
  add("lower quantile", report.low, 0, true);
  add("upper quantile", report.high, 0, true);
  return chart;
}

}  // namespace chronicler::cli::forecast
