#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "chronicler/base/mapped_npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "support/temporary_folder.h"
#include "training/part_walk.h"

namespace chronicler {
namespace {

std::int64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes << 10U;
  }
  return 0;
}

// The files have 128 MB and 16 MB; what fit, evaluate and predict take does not grow with them.
TEST(LongDataSlow, TakesNoMoreMemoryThanAPart) {
  constexpr std::int64_t steps = 4000000;
  constexpr std::int64_t most = std::int64_t{48} << 20U;
  const test::TemporaryFolder folder;
  const Tensor x = NpyOutput(folder.path("x.npy"), {1, steps, 8}).finish();
  const Tensor y = NpyOutput(folder.path("y.npy"), {1, steps, 1}).finish();
  Sequential model({layers::Input(Shape{None, 8}),
                    layers::GRU({.units = 8, .return_sequences = true}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  const std::int64_t before = resident_bytes();
  std::int64_t peak = before;
  const auto look = [&](std::int64_t, Logs&) { peak = std::max(peak, resident_bytes()); };
  model.fit(x, y,
            {.verbose = 0,
             .callbacks = {callbacks::LambdaCallback({.on_train_batch_end = look})},
             .bptt = {20000}});
  EXPECT_LT(peak - before, most);
  model.evaluate(x, y, {.verbose = 0});
  EXPECT_LT(resident_bytes() - before, most);
  const Tensor p = model.predict(x, {.output = folder.path("p.npy")});
  EXPECT_EQ(p.shape(), Shape({1, steps, 1}));
  EXPECT_LT(resident_bytes() - before, most);
}

}  // namespace
}  // namespace chronicler
