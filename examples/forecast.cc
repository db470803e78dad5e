// Next month's sunspots from the 36 months before. An LSTM's error is below 19 sunspots, repeating
// the last month is 19.6 off, and a linear autoregression, 17.9 off, beats both: a network should
// be seen beside what needs none. The program ends with status 1 if the LSTM misses its number.
//
//   example_forecast [FILE]      FILE: sunspots.csv, by default that of the source
#include <cstdio>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  set_random_seed(1);
  const data::Table table = data::read_csv(argc > 1 ? argv[1] : "examples/data/sunspots.csv");
  const data::SeriesParts parts = data::split_series(table.numbers("Sunspots"));
  const data::StandardScaler scaler(parts.train);  // knows nothing of what comes later
  const auto windows = [&](const Tensor& part) {
    return data::make_windows(scaler.transform(part), {.lookback = 36, .horizon = 1});
  };
  const data::Windows train = windows(parts.train);
  const data::Windows validation = windows(parts.validation);
  const data::Windows test = windows(parts.test);

  Sequential model({
      layers::LSTM({.units = 32, .input_shape = {36, 1}}),
      layers::Dense({.units = 1}),
  });
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 2e-3}), .loss = "mse"});
  model.fit(train.inputs, train.targets,
            {.epochs = 60,
             .verbose = 2,
             .callbacks = {callbacks::EarlyStopping({.patience = 8, .restore_best_weights = true})},
             .validation_data = {validation.inputs, validation.targets}});

  const auto error = [&](const Tensor& forecast) {
    return tasks::rmse(scaler.inverse_transform_column(forecast, 0).to(DType::float64),
                       scaler.inverse_transform_column(test.targets, 0).to(DType::float64));
  };
  const double lstm = error(model.predict(test.inputs));
  const tasks::LinearAutoregression linear(train.inputs, train.targets);
  std::printf("LSTM                   %.2f\n", lstm);
  std::printf("linear autoregression  %.2f\n", error(linear.predict(test.inputs)));
  std::printf("repeat the last month  %.2f\n", error(tasks::repeat_last(test.inputs, 1)));
  return lstm < 19.0 ? 0 : 1;
}
