#include "cli/bench/long.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/mapped_npy.h"
#include "chronicler/base/random.h"
#include "chronicler/training/fit.h"

namespace chronicler::cli::bench {
namespace {

// The largest part of the process that was in memory since start_peak(), in MB; 0 where the system
// does not say.
double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024.0;
  }
  return 0.0;
}
void start_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

// A file of made-up numbers that is gone when this is.
class MadeUpFile {
 public:
  explicit MadeUpFile(const Shape& shape)
      : path_((std::filesystem::temp_directory_path() /
               fmt::format("chronicler_bench_{}.npy", getpid()))
                  .string()) {
    NpyOutput output(path_, shape);
    const Random random(1);
    std::uint64_t place = 0;
    for (float& value : output.tensor().span<float>())
      value = random.uniform(0, place++) * 2.0F - 1.0F;
    tensor_ = output.finish();
  }
  ~MadeUpFile() {
    tensor_ = Tensor();
    std::error_code gone;
    std::filesystem::remove(path_, gone);
  }
  MadeUpFile(const MadeUpFile&) = delete;
  MadeUpFile& operator=(const MadeUpFile&) = delete;

  const Tensor& tensor() const { return tensor_; }

 private:
  std::string path_;
  Tensor tensor_;
};

// The median; of what takes longer than `seconds`, the first run.
template <class Run>
double median_ms(double seconds, const Run& run) {
  Times times;
  const Stopwatch all;
  do {
    const Stopwatch one;
    run();
    times.sorted.push_back(one.seconds());
  } while (all.seconds() < seconds);
  if (times.sorted.size() > 2) times.sorted.erase(times.sorted.begin());  // it took its memory
  std::sort(times.sorted.begin(), times.sorted.end());
  return times.median() * 1e3;
}

LongFigure measured(const SequenceShape& shape, const Tensor& x, const std::string& memory_budget,
                    double seconds) {
  Sequential model = shape.model();
  const Tensor y = shape.targets();
  const FitOptions options{.batch_size = shape.batch, .verbose = 0, .memory_budget = memory_budget};
  start_peak();
  LongFigure figure;
  figure.train_ms = median_ms(seconds, [&] { model.fit(x, y, options); });
  figure.infer_ms = median_ms(seconds / 2, [&] { model.predict(x, {.batch_size = shape.batch}); });
  figure.peak_mb = peak_mb();
  return figure;
}

}  // namespace

const std::vector<SequenceShape>& long_shapes() {
  static const std::vector<SequenceShape> shapes = [] {
    std::vector<SequenceShape> all;
    for (std::int64_t steps = 1'000; steps <= 10'000'000; steps *= 10)
      all.push_back(sequence_shape("LSTM", 64, steps, 1, 8));
    return all;
  }();
  return shapes;
}

LongFigure time_long(const SequenceShape& shape, const std::string& memory_budget, double seconds) {
  constexpr std::int64_t steps_in_memory = 1'000'000;
  if (shape.steps < steps_in_memory) return measured(shape, shape.inputs(), memory_budget, seconds);
  const MadeUpFile file({shape.batch, shape.steps, shape.features});
  return measured(shape, file.tensor(), memory_budget, seconds);
}

}  // namespace chronicler::cli::bench
