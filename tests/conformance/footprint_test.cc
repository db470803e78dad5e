// How much memory training takes: counted, by what the allocator has handed out.
#include <malloc.h>

#include <cstdint>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

constexpr std::int64_t batch = 32;
constexpr std::int64_t units = 64;

// Bytes that malloc has given and not got back. Sanitizers' allocators do not tell: always 0.
double bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

// What a model with this layer takes, after some training steps, without its data.
double bytes_of_training(const LayerPtr& layer, std::int64_t steps, std::int64_t features) {
  const Tensor x = noise({batch, steps, features}, 1);
  const Tensor y = noise({batch, 1}, 2);
  const double before = bytes_in_use();
  Sequential model({layers::Input(Shape{steps, features}), layer, layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  for (int i = 0; i < 3; ++i) model.train_on_batch(x, y);
  return bytes_in_use() - before;
}

// Floats for each unit, row and further step.
double floats_kept(LayerPtr (*make)(), std::int64_t features) {
  const double more =
      bytes_of_training(make(), 200, features) - bytes_of_training(make(), 100, features);
  return more / sizeof(float) / static_cast<double>(batch * units * 100);
}

LayerPtr lstm() { return layers::LSTM({.units = units}); }
LayerPtr gru() { return layers::GRU({.units = units}); }
LayerPtr simple_rnn() { return layers::SimpleRNN({.units = units}); }

// Four gates, the hidden and the cell state. The hundredth is for lists of a pointer a row and
// step.
TEST(Footprint, AnLstmKeepsSixFloatsAUnitAndStep) {
  EXPECT_LE(floats_kept(lstm, 1), 6.01);
  EXPECT_LE(floats_kept(lstm, 100), 6.01);  // x is not copied
}

TEST(Footprint, TheOthersKeepNoMore) {
  EXPECT_LE(floats_kept(gru, 10), 6.01);
  EXPECT_LE(floats_kept(simple_rnn, 10), 3.01);
}

}  // namespace
}  // namespace chronicler::test
