// The tutorial's two networks read handwritten digits, row by row. Both name more than nine of ten
// that they have never seen; the program ends with status 1 if one does not.
//
//   example_tutorial [FILE]      FILE: digits.csv, by default that of the source
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  set_random_seed(1);
  const data::Table digits = data::read_csv(argc > 1 ? argv[1] : "examples/data/digits.csv");
  const std::vector<std::string> pixels(digits.columns().begin(), digits.columns().end() - 1);
  const Tensor images = digits.numbers(pixels).reshaped({digits.rows(), 8, 8});
  const Tensor labels = digits.numbers("label", DType::int32);
  const std::int64_t split = 1347;  // those before train, those from there on test
  const Tensor x = images.rows(0, split);
  const Tensor y = labels.rows(0, split);
  const Tensor x_test = images.rows(split, digits.rows());
  const Tensor y_test = labels.rows(split, digits.rows());

  Sequential lstm({
      layers::LSTM({.units = 64, .return_sequences = true, .input_shape = {8, 8}}),
      layers::LSTM({.units = 64}),
      layers::Dense({.units = 10, .activation = "softmax"}),
  });
  lstm.compile({.optimizer = optimizers::Adam({.learning_rate = 2e-3}),
                .loss = "sparse_categorical_crossentropy",
                .metrics = {"accuracy"}});
  lstm.summary();
  lstm.fit(x, y, {.epochs = 30, .validation_data = {x_test, y_test}});

  Sequential simple_rnn({
      layers::SimpleRNN({.units = 32, .return_sequences = true, .input_shape = {8, 8}}),
      layers::SimpleRNN({.units = 32}),
      layers::Dense({.units = 10, .activation = "softmax"}),
  });
  simple_rnn.compile({.optimizer = optimizers::Adam({.learning_rate = 2e-3}),
                      .loss = "sparse_categorical_crossentropy",
                      .metrics = {"accuracy"}});
  simple_rnn.summary();
  simple_rnn.fit(x, y, {.epochs = 30, .validation_data = {x_test, y_test}});

  const double lstm_accuracy = lstm.evaluate(x_test, y_test)["accuracy"];
  const double simple_accuracy = simple_rnn.evaluate(x_test, y_test)["accuracy"];
  std::printf("test accuracy: LSTM %.3f, SimpleRNN %.3f\n", lstm_accuracy, simple_accuracy);
  return lstm_accuracy > 0.9 && simple_accuracy > 0.9 ? 0 : 1;
}
