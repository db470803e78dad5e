#include "cli/bench/scan.h"

#include <fmt/format.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"

namespace chronicler::cli::bench {
namespace {

template <class Options>
LayerPtr layer_of(LayerPtr (*make)(const Options&), std::int64_t units) {
  Options options;
  options.units = units;
  return make(options);
}

LayerPtr recurrent_layer(const std::string& cell, std::int64_t units) {
  if (cell == "LSTM") return layer_of(layers::LSTM, units);
  if (cell == "GRU") return layer_of(layers::GRU, units);
  if (cell == "MinGRU") return layer_of(layers::MinGRU, units);
  if (cell == "MinLSTM") return layer_of(layers::MinLSTM, units);
  if (cell == "RGLRU") return layer_of(layers::RGLRU, units);
  return layer_of(layers::LRU, units);
}

Tensor standard_normal(const Shape& shape, std::uint64_t seed) {
  const Random random(seed);
  Tensor x(shape);
  std::uint64_t place = 0;
  for (float& value : x.span<float>()) value = static_cast<float>(random.normal(0, place++));
  return x;
}

}  // namespace

std::vector<ScanKernel> scan_kernels() {
  const std::int64_t numbers = 4 * last_cache_bytes() / 4;
  std::vector<ScanKernel> kernels;
  const auto add = [&](std::int64_t units, std::int64_t rows) {
    const std::int64_t steps = (numbers + rows * units - 1) / (rows * units);
    kernels.push_back({fmt::format("scan-{}-T{}-B{}", units, steps, rows), {rows, steps, units}});
  };
  for (const std::int64_t units : {1024, 256, 64, 8, 1}) add(units, 1);
  add(256, 32);
  return kernels;
}

SequenceShape sequence_shape(const std::string& cell, std::int64_t units, std::int64_t steps,
                             std::int64_t batch, std::int64_t features) {
  return {
      fmt::format("{}-{}-T{}-B{}", cell, units, steps, batch), cell, units, steps, batch, features};
}

Sequential SequenceShape::model() const {
  Sequential model({layers::Input(Shape{steps, features}), recurrent_layer(cell, units),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  return model;
}

Tensor SequenceShape::inputs() const { return standard_normal({batch, steps, features}, 1); }
Tensor SequenceShape::targets() const { return standard_normal({batch, 1}, 2); }

const std::vector<SequenceShape>& scan_layers() {
  static const std::vector<SequenceShape> shapes = [] {
    std::vector<SequenceShape> all;
    struct Size {
      std::int64_t units, steps, batch;
    };
    for (const Size& size : {Size{256, 16384, 1}, Size{64, 16384, 1}, Size{256, 512, 32}}) {
      for (const char* cell : {"LSTM", "GRU", "MinGRU", "MinLSTM", "RGLRU", "LRU"})
        all.push_back(sequence_shape(cell, size.units, size.steps, size.batch, size.units));
    }
    return all;
  }();
  return shapes;
}

SequenceTimes time_sequence(const SequenceShape& shape, double seconds) {
  Sequential model = shape.model();
  const Tensor x = shape.inputs();
  const Tensor y = shape.targets();
  SequenceTimes times;
  times.train = time_runs(seconds, [&] { model.train_on_batch(x, y); });
  times.infer = time_runs(seconds / 2, [&] { model.predict_on_batch(x); });
  return times;
}

}  // namespace chronicler::cli::bench
