// Learns from examples that are made while it trains: two of twenty numbers are marked, their sum
// is asked for (the adding problem of Hochreiter and Schmidhuber, 1997). The mean squared error of
// always answering 1 is 0.167; the program ends with status 1 if the network does not stay below
// 0.01.
//
//   example_endless_data [FOLDER]      FOLDER: for the checkpoint; run again after Ctrl-C, it goes
//   on
#include <cstdint>
#include <cstdio>
#include <string>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

constexpr std::int64_t rows = 64;
constexpr std::int64_t steps = 20;

// Batch `index` of an epoch: (rows, steps, {number, mark}) and the sums (rows, 1).
Batch made(const Epoch& epoch, std::int64_t index) {
  const Random random(epoch.seed + static_cast<std::uint64_t>(epoch.number));
  const auto stream = static_cast<std::uint64_t>(index);
  Tensor x({rows, steps, 2});
  Tensor y({rows, 1});
  for (std::int64_t row = 0; row < rows; ++row) {
    float* numbers = x.as<float>() + row * steps * 2;
    const auto place = static_cast<std::uint64_t>(row) * 64;
    for (std::int64_t t = 0; t < steps; ++t)
      numbers[2 * t] = random.uniform(stream, place + static_cast<std::uint64_t>(t));
    const std::uint64_t half = steps / 2;
    const auto first = static_cast<std::int64_t>(random.below(half, stream, place + 40));
    const auto second = static_cast<std::int64_t>(half + random.below(half, stream, place + 41));
    for (const std::int64_t t : {first, second}) {
      numbers[2 * t + 1] = 1.0F;
      y.as<float>()[row] += numbers[2 * t];
    }
  }
  return {x, y};
}

Dataset examples(std::int64_t batches) {
  return Dataset::from_epochs(
      [batches](const Epoch& epoch) {
        return Dataset::EpochItems{batches,
                                   [epoch](std::int64_t index) { return made(epoch, index); }};
      },
      batches);
}

}  // namespace

int main(int argc, char** argv) {
  set_random_seed(1);
  Sequential model({
      layers::LSTM({.units = 32, .input_shape = {None, 2}}),
      layers::Dense({.units = 1}),
  });
  model.compile({.optimizer = optimizers::Adam({.global_clipnorm = 1.0}), .loss = "mse"});

  const std::string folder = argc > 1 ? argv[1] : "endless_data";
  const Dataset held_out = Dataset::from_function(
      10, [](const BatchPlace& place) { return made({.seed = 99}, place.index); });
  model.fit(examples(200).prefetch(),
            {.epochs = 10,
             .callbacks = {callbacks::LearningRateOverRun(
                               callbacks::warm_cosine({.learning_rate = 0.01})),
                           callbacks::BestWeights({.monitor = "val_loss"}),
                           callbacks::BackupAndRestore({.backup_dir = folder})},
             .validation_data = held_out});

  const double error = model.evaluate(held_out, {.verbose = 0}).loss();
  std::printf("mean squared error: %.4f\n", error);
  return error < 0.001 ? 0 : 1;
}
