// A whole book as one sequence. Two copies of it, a character a step, differ in their first
// character alone, and the network says at the end which it has read: it can only learn this if the
// gradient goes back through the whole book, and within a few megabytes it does. Then it learns to
// foretell characters by truncated backpropagation, 100 steps at a time, the state carried on. The
// program ends with status 1 if the first loss does not fall below that of guessing, ln 2.
//
//   example_long [FILE [EPOCHS [BUDGET]]]      FILE: a text, by default the project's licence
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

constexpr std::int64_t units = 32;
constexpr std::int64_t letters = 256;  // bytes

double peak_megabytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// The book as ids of bytes, (rows, steps), and in front of it, if that is asked for, the row's
// number.
Tensor ids_of(const std::string& book, std::int64_t rows, bool marked) {
  const auto size = static_cast<std::int64_t>(book.size());
  const std::int64_t first = marked ? 1 : 0;
  Tensor ids({rows, size + first}, DType::int32);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int32_t* place = ids.as<std::int32_t>() + row * (size + first);
    if (marked) *place = static_cast<std::int32_t>(row);
    std::transform(book.begin(), book.end(), place + first,
                   [](char letter) { return static_cast<unsigned char>(letter); });
  }
  return ids;
}

// Returns the loss after the last epoch.
double learn_first_character(const std::string& book, int epochs, const std::string& budget) {
  const Tensor x = ids_of(book, 2, true);
  const Tensor y({2, 1}, std::vector<float>{0.0F, 1.0F});
  const std::int64_t steps = x.shape()[1];
  Sequential model({
      layers::Embedding({.input_dim = letters, .output_dim = 4, .input_shape = {None}}),
      layers::LSTM({.units = units, .bias_initializer = initializers::Chrono(steps)}),
      layers::Dense({.units = 1, .activation = "sigmoid"}),
  });
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.02, .global_clipnorm = 1.0}),
                 .loss = "binary_crossentropy"});
  const auto start = std::chrono::steady_clock::now();
  const History history =
      model.fit(x, y, {.epochs = epochs, .verbose = 2, .memory_budget = budget});
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double loss = history["loss"].back();
  std::printf(
      "%lld steps, exact gradient: loss %.4f (guessing: 0.6931), %.2f s an epoch\n"
      "memory of the process: %.0f MB; states of every step would take %.0f MB more\n",
      static_cast<long long>(steps), loss, time.count() / epochs, peak_megabytes(),
      2.0 * static_cast<double>(steps) * 7.0 * units * sizeof(float) / 1e6);
  return loss;
}

void learn_characters(const std::string& book) {
  const Tensor ids = ids_of(book, 1, false);
  const std::int64_t steps = ids.shape()[1] - 1;
  const auto part = [&](std::int64_t first) {
    Tensor taken({1, steps}, DType::int32);
    std::copy_n(ids.as<std::int32_t>() + first, steps, taken.as<std::int32_t>());
    return taken;
  };
  Sequential model({
      layers::Embedding({.input_dim = letters, .output_dim = 16, .input_shape = {None}}),
      layers::LSTM({.units = units, .return_sequences = true}),
      layers::Dense({.units = letters, .activation = "softmax"}),
  });
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.01, .global_clipnorm = 1.0}),
                 .loss = "sparse_categorical_crossentropy"});
  const History history =
      model.fit(part(0), part(1), {.epochs = 2, .verbose = 2, .bptt = {.steps = 100}});
  std::printf("truncated to 100 steps: %.2f nats a character\n", history["loss"].back());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string book = data::read_text(argc > 1 ? argv[1] : "LICENSE");
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 300;
  set_random_seed(1);
  const double loss = learn_first_character(book, epochs, argc > 3 ? argv[3] : "2MB");
  learn_characters(book);
  return loss < 0.65 ? 0 : 1;
}
