// A live signal, one number at a time: an LSTM learns to take the noise out of a wave, and then
// does so sample by sample, as a sensor or a sound card would deliver them. The error of the noisy
// signal, 0.30, becomes less than 0.12; the program ends with status 1 if it does not.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

constexpr std::int64_t steps = 64;
constexpr double noise = 0.3;

struct Waves {
  Tensor noisy;  // (N, steps, 1)
  Tensor clean;
};

// Waves of unlike lengths, each from a place of its own.
Waves make_waves(std::int64_t count, std::uint64_t seed) {
  const Random random(seed);
  Waves waves{Tensor({count, steps, 1}), Tensor({count, steps, 1})};
  for (std::int64_t n = 0; n < count; ++n) {
    const auto stream = static_cast<std::uint64_t>(n);
    const double phase = 6.28 * static_cast<double>(random.uniform(stream, 0));
    const double speed = 0.1 + 0.2 * static_cast<double>(random.uniform(stream, 1));
    for (std::int64_t t = 0; t < steps; ++t) {
      const double value = std::sin(phase + speed * static_cast<double>(t));
      const double error = noise * random.normal(stream, static_cast<std::uint64_t>(2 + t));
      waves.clean.as<float>()[n * steps + t] = static_cast<float>(value);
      waves.noisy.as<float>()[n * steps + t] = static_cast<float>(value + error);
    }
  }
  return waves;
}

}  // namespace

int main() {
  set_random_seed(1);
  const Waves train = make_waves(1000, 1);
  Sequential model({
      layers::LSTM({.units = 32, .return_sequences = true, .input_shape = {None, 1}}),
      layers::Dense({.units = 1}),
  });
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 5e-3}), .loss = "mse"});
  model.fit(train.noisy, train.clean, {.epochs = 30, .verbose = 2});

  const Waves live_waves = make_waves(200, 2);
  Stream live = model.stream();
  double squares = 0.0;
  std::int64_t counted = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t n = 0; n < 200; ++n) {
    live.reset();  // a new signal begins
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int64_t place = n * steps + t;
      const float sample = live_waves.noisy.as<float>()[place];
      const float filtered = live.step({&sample, 1})[0];
      if (t < 16) continue;  // it listens first
      const double error = static_cast<double>(filtered - live_waves.clean.as<float>()[place]);
      squares += error * error;
      ++counted;
    }
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double error = std::sqrt(squares / static_cast<double>(counted));
  std::printf("noise %.2f in, error %.3f out; %.2f microseconds a step\n", noise, error,
              1e6 * time.count() / (200.0 * steps));
  return error < 0.12 ? 0 : 1;
}
