// What Dataset::prefetch gains where reading a batch costs as much as a training step: seconds of
// an epoch without and with it, in turns, by how many threads train.
//
//   prefetch_gain [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t batches = 60;

double seconds_of(Model& model, const Dataset& data) {
  const Clock::time_point start = Clock::now();
  model.fit(data, {.verbose = 0});
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Work of so many seconds on one thread, as cutting a file apart would be.
void read_for(double seconds) {
  const Clock::time_point start = Clock::now();
  volatile double number = 1.0;
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    for (int i = 0; i < 200; ++i) number = std::sqrt(number + 1.0);
  }
}

double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  Sequential model({layers::LSTM({.units = 64, .return_sequences = true, .input_shape = {40, 32}}),
                    layers::LSTM({.units = 64}), layers::Dense({.units = 10})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x({32, 40, 32});
  const Tensor y({32, 10});
  const auto data = [&](double seconds) {
    return Dataset::from_function(batches, [=](const BatchPlace&) {
      if (seconds > 0.0) read_for(seconds);
      return Batch{x, y};
    });
  };
  for (const int threads : {1, 2}) {
    set_threads(threads);
    seconds_of(model, data(0.0));
    std::vector<double> steps;
    for (int i = 0; i < rounds; ++i) steps.push_back(seconds_of(model, data(0.0)) / batches);
    const double step = median(steps);
    std::vector<double> without;
    std::vector<double> with;
    for (int i = 0; i < rounds; ++i) {
      without.push_back(seconds_of(model, data(step)));
      with.push_back(seconds_of(model, data(step).prefetch()));
    }
    std::printf(
        "%d thread%s: a step %.2f ms, an epoch %.0f ms, with prefetch %.0f ms: %.2f times\n",
        threads, threads == 1 ? "" : "s", 1e3 * step, 1e3 * median(without), 1e3 * median(with),
        median(without) / median(with));
  }
  return 0;
}
