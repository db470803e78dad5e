#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

// h = tanh(x w + u h + b), one unit, by hand.
TEST(SimpleRNN, FollowsItsEquation) {
  const LayerPtr layer = layers::SimpleRNN({.units = 1, .return_sequences = true});
  const Tensor x({1, 3, 2}, std::vector<float>{1, 2, -1, 0.5F, 0, 3});
  const Shape shape = x.shape();
  layer->build(std::span(&shape, 1));
  copy(Tensor({2, 1}, std::vector<float>{0.5F, -0.25F}), layer->parameters()[0].value);
  copy(Tensor({1, 1}, std::vector<float>{0.75F}), layer->parameters()[1].value);
  copy(Tensor({1}, std::vector<float>{0.1F}), layer->parameters()[2].value);
  const std::vector<double> y = test::numbers(run_layer(*layer, {x}).values[0]);
  double hidden = 0.0;
  for (std::size_t t = 0; t < 3; ++t) {
    const auto first = static_cast<double>(x.as<float>()[2 * t]);
    const auto second = static_cast<double>(x.as<float>()[2 * t + 1]);
    hidden = std::tanh(0.5 * first - 0.25 * second + 0.75 * hidden + 0.1);
    EXPECT_NEAR(y[t], hidden, 1e-6);
  }
}

TEST(SimpleRNN, HasKerasDefaults) {
  const layers::SimpleRNNOptions options;
  EXPECT_EQ(options.activation.name(), "tanh");
  EXPECT_TRUE(options.use_bias);
  EXPECT_EQ(options.kernel_initializer.class_name(), "GlorotUniform");
  EXPECT_EQ(options.recurrent_initializer.class_name(), "Orthogonal");
  EXPECT_EQ(options.bias_initializer.class_name(), "Zeros");
  EXPECT_FALSE(options.return_sequences || options.return_state || options.go_backwards ||
               options.stateful || options.unroll || options.zero_output_for_mask);
}

TEST(SimpleRNN, RefusesWrongOptions) {
  EXPECT_EQ(error_of([] { layers::SimpleRNN({.units = 0, .name = "rnn"}); }),
            "SimpleRNN \"rnn\": units must be at least 1, got 0");
  EXPECT_EQ(error_of([] { layers::SimpleRNN({.units = 2, .dropout = 1.0, .name = "rnn"}); }),
            "SimpleRNN \"rnn\": dropout must be at least 0 and below 1, got 1");
  const std::string message =
      error_of([] { layers::SimpleRNN({.units = 2, .activation = "tahn"}); });
  EXPECT_TRUE(message.starts_with("unknown activation \"tahn\"")) << message;
  EXPECT_NE(message.find("tanh"), std::string::npos) << message;
}

}  // namespace
}  // namespace chronicler
