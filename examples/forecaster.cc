// The next twelve months of sunspots, from the file to the forecast: scales, lookback and network
// are chosen from the data, and the baselines stand beside the model. The program ends with status
// 1 if the model is not ahead of every baseline.
//
//   example_forecaster [FILE]      FILE: sunspots.csv, by default that of the source
#include <cstdio>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  const data::TimeSeries series = data::read_time_series(
      argc > 1 ? argv[1] : "examples/data/sunspots.csv", {.columns = {"Sunspots"}});
  const tasks::Forecaster::Trained trained =
      tasks::Forecaster::train(series, {.horizon = 12, .seed = 1, .epochs = 20});
  const tasks::ForecastReport& report = trained.report;

  std::printf("%s\n\n", report.verdict.c_str());
  for (const tasks::ForecastScore* score :
       {&report.model, &report.linear_ar, &report.seasonal_naive, &report.repeat_last}) {
    std::printf("%-24s RMSE %.1f, MASE %.2f\n", score->name.c_str(), score->rmse, score->mase);
  }
  const tasks::Forecast next = trained.forecaster.run(series);
  std::printf("\nmonth        sunspots   80 %% lie between\n");
  for (std::size_t month = 0; month < 12; ++month) {
    std::printf("%s %10.1f %9.1f and %.1f\n", series.format_time(next.times[month]).c_str(),
                next.mean[month], next.values[2 * month], next.values[2 * month + 1]);
  }
  return report.model.rmse < report.best_baseline().rmse ? 0 : 1;
}
