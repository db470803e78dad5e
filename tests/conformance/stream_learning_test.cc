// Learning along a stream takes no memory once it has begun.
#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/stream_learner.h"
#include "support/allocation_count.h"

namespace chronicler::test {
namespace {

TEST(StreamLearning, AllocatesNothingAfterTheFirstSample) {
  Sequential model({layers::Input({None, 8}), layers::LSTM({.units = 12, .return_sequences = true}),
                    layers::LayerNormalization({}), layers::GRU({.units = 20}),
                    layers::Dense({.units = 3, .activation = "softmax"})});
  model.compile(
      {.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  StreamLearner learner(model);
  std::vector<float> x(8, 0.5F);
  std::vector<float> y{1.0F};
  learner.learn(x, y);
  const AllocationCount count;
  for (int t = 0; t < 200; ++t) {
    x[static_cast<std::size_t>(t % 8)] = std::sin(static_cast<float>(t));
    y[0] = static_cast<float>(t % 3);
    learner.learn(x, y);
  }
  EXPECT_EQ(count.value(), 0);
}

TEST(StreamLearning, AStreamThatAdaptsAllocatesNothingOnceItHasBegun) {
  Sequential model({layers::Input({None, 8}), layers::LSTM({.units = 12, .return_sequences = true}),
                    layers::Dense({.units = 3, .activation = "softmax"})});
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  Stream stream = model.stream({.adapt = AdaptOptions{.steps = 5}});
  std::vector<float> x(8, 0.5F);
  std::vector<float> y{1.0F};
  std::vector<float> output(3);
  const auto run = [&](int steps) {
    for (int t = 0; t < steps; ++t) {
      x[static_cast<std::size_t>(t % 8)] = std::sin(static_cast<float>(t));
      y[0] = static_cast<float>(t % 3);
      stream.step(x, output);
      stream.learn(y);
    }
  };
  run(15);
  const AllocationCount count;
  run(100);
  EXPECT_EQ(count.value(), 0);
}

}  // namespace
}  // namespace chronicler::test
