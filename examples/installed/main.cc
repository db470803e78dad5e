// An LSTM learns to remember: eight random numbers go by, then it says whether the first one was
// positive.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <random>
#include <vector>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

struct Sequences {
  Tensor x;  // (N, 8, 1)
  Tensor y;  // (N, 1): 1 if the first number of the sequence is positive
};

Sequences make_sequences(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  constexpr std::int64_t steps = 8;
  std::vector<float> numbers;
  std::vector<float> answers;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t t = 0; t < steps; ++t) numbers.push_back(uniform(generator));
    answers.push_back(numbers[static_cast<std::size_t>(i * steps)] > 0 ? 1.0F : 0.0F);
  }
  return {Tensor({count, steps, 1}, numbers), Tensor({count, 1}, answers)};
}

int run() {
  set_random_seed(1);
  const Sequences train = make_sequences(2000, 1);
  const Sequences test = make_sequences(500, 2);

  Sequential model({
      layers::LSTM({.units = 16, .input_shape = {8, 1}}),
      layers::Dense({.units = 1, .activation = "sigmoid"}),
  });
  model.summary();
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01}),
                 .loss = "binary_crossentropy",
                 .metrics = {"accuracy"}});
  model.fit(train.x, train.y, {.epochs = 8, .verbose = 2});

  const double accuracy = model.evaluate(test.x, test.y, {.verbose = 0})["accuracy"];
  const Tensor answers = model.predict(test.x.rows(0, 3));
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto row = static_cast<std::size_t>(i);
    std::printf("the first of sequence %d was %+.2f: positive with probability %.2f\n",
                static_cast<int>(i), static_cast<double>(test.x.span<float>()[8 * row]),
                static_cast<double>(answers.span<float>()[row]));
  }
  std::printf("Chronicler %s: test accuracy %.3f\n", CHRONICLER_VERSION, accuracy);
  return accuracy >= 0.95 ? 0 : 1;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
