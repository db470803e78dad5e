// A recurrent cell of one's own, written as a formula: each unit learns how slowly it forgets. It
// is trained on slow averages, saved and loaded: the file holds the formula as text. The error
// becomes less than 0.01; the program ends with status 1 if it does not.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main() {
  set_random_seed(1);
  const Random random(1);
  constexpr std::int64_t rows = 400;
  constexpr std::int64_t steps = 15;
  Tensor x({rows, steps, 2});
  Tensor y({rows, 1});
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < steps * 2; ++i) {
      const double value =
          random.normal(static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(i));
      x.as<float>()[row * steps * 2 + i] = static_cast<float>(value);
      if (i % 2 == 0) y.as<float>()[row] += static_cast<float>(value) / steps;
    }
  }

  // x is the input; h is read before it is written, so it is a state; W, U, b and a are weights.
  Sequential model({
      layers::RNN({.cell = layers::Cell({.units = 12,
                                         .formula = R"(
                       keep = sigmoid(a)
                       h = keep * h + (1 - keep) tanh(W x + U h + b))",
                                         .initializers = {"a: ones"}}),
                   .input_shape = {None, 2}}),
      layers::Dense({.units = 1}),
  });
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 1e-2}), .loss = "mse"});
  model.fit(x, y, {.epochs = 30, .verbose = 2});

  model.save("own_cell.keras");
  const std::unique_ptr<Model> loaded = load_model("own_cell.keras");
  const Tensor got = loaded->predict(x);
  double squares = 0.0;
  for (std::int64_t row = 0; row < rows; ++row)
    squares += std::pow(static_cast<double>(got.as<float>()[row] - y.as<float>()[row]), 2);
  std::printf("mean squared error %.5f\n", squares / rows);

  // A mistake in a formula is shown in it.
  try {
    layers::Cell({.units = 12, .formula = "h = keep * h + (1 - keep) tnah(W x + U h + b)"});
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
  }
  return squares / rows < 0.01 ? 0 : 1;
}
