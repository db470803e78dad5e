#include "training/memory_span.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::noise;

Sequential model_of(const LayerPtr& layer) {
  set_random_seed(2);
  return Sequential({layers::Input(Shape{None, 2}), layer, layers::Dense({.units = 1})});
}

TEST(MemorySpan, IsThatOfTheGateThatIsOpenWidest) {
  EXPECT_NEAR(*memory_span(model_of(layers::LSTM({.units = 4}))), 1.0 + std::exp(1.0), 1e-6);
  EXPECT_NEAR(*memory_span(model_of(layers::GRU({.units = 4}))), 2.0, 1e-6);
  const double chrono = *memory_span(
      model_of(layers::LSTM({.units = 64, .bias_initializer = initializers::Chrono(1000)})));
  EXPECT_GT(chrono, 900.0);
  EXPECT_LE(chrono, 1000.0);
  EXPECT_GT(*memory_span(model_of(
                layers::GRU({.units = 64, .bias_initializer = initializers::Chrono(500)}))),
            400.0);
}

TEST(MemorySpan, OfASimpleRNNIsThatOfItsKernel) {
  EXPECT_TRUE(std::isinf(*memory_span(model_of(layers::SimpleRNN({.units = 8})))));  // orthogonal
  EXPECT_TRUE(std::isinf(*memory_span(
      model_of(layers::SimpleRNN({.units = 8, .recurrent_initializer = "identity"})))));
  EXPECT_NEAR(*memory_span(model_of(layers::SimpleRNN(
                  {.units = 8, .recurrent_initializer = initializers::Identity(0.9)}))),
              10.0, 1e-3);
}

TEST(MemorySpan, IsNotGuessed) {
  EXPECT_FALSE(memory_span(model_of(layers::Bidirectional(layers::LSTM({.units = 2})))));
  EXPECT_FALSE(memory_span(model_of(layers::MinGRU({.units = 2}))));
  EXPECT_FALSE(memory_span(model_of(layers::Dense({.units = 2}))));
}

TEST(MemorySpan, SpeaksOfFarLongerSequencesOnly) {
  const Sequential usual = model_of(layers::LSTM({.units = 4}));
  EXPECT_EQ(note_on_memory(usual, 300), "");
  EXPECT_NE(note_on_memory(usual, 1000).find("about 4 steps"), std::string::npos);
  const Sequential chrono =
      model_of(layers::LSTM({.units = 64, .bias_initializer = initializers::Chrono(1000)}));
  EXPECT_EQ(note_on_memory(chrono, 20000), "");
}

TEST(MemorySpan, FitSaysItOnce) {
  Sequential model = model_of(layers::GRU({.units = 2}));
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const auto said = [&](int verbose, const Bptt& bptt) {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    model.fit(noise({1, 300, 2}, 1), noise({1, 1}, 1), {.verbose = verbose, .bptt = bptt});
    testing::internal::GetCapturedStdout();
    return testing::internal::GetCapturedStderr().find("can remember as it starts") !=
           std::string::npos;
  };
  EXPECT_FALSE(said(0, {}));
  model.compile({.optimizer = "sgd", .loss = "mse"});
  EXPECT_FALSE(said(2, {100}));
  model.compile({.optimizer = "sgd", .loss = "mse"});
  EXPECT_TRUE(said(2, {}));
  EXPECT_FALSE(said(2, {}));
}

}  // namespace
}  // namespace chronicler
