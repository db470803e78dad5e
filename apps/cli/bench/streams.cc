#include "cli/bench/streams.h"

#include <algorithm>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/stream.h"
#include "cli/bench/timing.h"

namespace chronicler::cli::bench {
namespace {

constexpr std::int64_t alphabet = 65;
constexpr std::size_t stretch = 32;

std::vector<float> inputs(const StreamShape& shape) {
  const Random random(1);
  std::vector<float> values(1024);
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    values[i] = shape.characters ? static_cast<float>(random.below(alphabet, 0, i))
                                 : static_cast<float>(random.normal(0, i));
  }
  return values;
}

// What it takes to look at the clock twice.
double clock_seconds() {
  std::vector<double> times(1001);
  for (double& time : times) time = Stopwatch().seconds();
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

const std::vector<StreamShape>& stream_shapes() {
  static const std::vector<StreamShape> shapes{{"LSTM8", 8},     {"LSTM16", 16},
                                               {"LSTM32", 32},   {"LSTM64", 64},
                                               {"LSTM128", 128}, {"LSTM2x256chars", 256, true}};
  return shapes;
}

Sequential stream_model(const StreamShape& shape) {
  if (!shape.characters) {
    return Sequential({layers::Input(Shape{None, 1}), layers::LSTM({.units = shape.units}),
                       layers::Dense({.units = 1})});
  }
  return Sequential({layers::Input({.shape = Shape{None}, .dtype = "int32"}),
                     layers::Embedding({.input_dim = alphabet, .output_dim = 64}),
                     layers::LSTM({.units = shape.units, .return_sequences = true}),
                     layers::LSTM({.units = shape.units}),
                     layers::Dense({.units = alphabet, .activation = "softmax"})});
}

StreamTimes time_stream(const StreamShape& shape, const std::string& weights, double seconds) {
  const Sequential model = stream_model(shape);
  Stream stream = model.stream({.weights = weights});
  const std::vector<float> x = inputs(shape);
  std::vector<float> y(static_cast<std::size_t>(stream.outputs()));
  std::size_t place = 0;
  const auto step = [&] { stream.step({&x[place++ % x.size()], 1}, y); };
  const Times stretches = time_runs(seconds / 2, [&] {
    for (std::size_t i = 0; i < stretch; ++i) step();
  });
  const Times singles = time_runs(seconds / 2, step);
  return {stretches.median() / stretch * 1e9,
          std::max(0.0, singles.at(0.99) - clock_seconds()) * 1e9};
}

}  // namespace chronicler::cli::bench
