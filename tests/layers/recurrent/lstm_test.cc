#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// One unit, one feature, the four gates told apart by their weights: input, forget, candidate,
// output.
TEST(LSTM, FollowsItsEquations) {
  const LayerPtr layer = layers::LSTM({.units = 1, .return_state = true});
  const Tensor x({1, 3, 1}, std::vector<float>{1, -2, 0.5F});
  const Shape shape = x.shape();
  layer->build(std::span(&shape, 1));
  const std::vector<float> kernel{0.5F, -0.3F, 0.8F, 0.2F};
  const std::vector<float> recurrent{0.1F, 0.4F, -0.6F, 0.7F};
  const std::vector<float> bias{0.05F, 1.0F, -0.1F, 0.3F};
  copy(Tensor({1, 4}, kernel), layer->parameters()[0].value);
  copy(Tensor({1, 4}, recurrent), layer->parameters()[1].value);
  copy(Tensor({4}, bias), layer->parameters()[2].value);
  double h = 0.0;
  double c = 0.0;
  for (std::size_t t = 0; t < 3; ++t) {
    const auto before = [&](std::size_t gate) {
      return static_cast<double>(kernel[gate]) * static_cast<double>(x.as<float>()[t]) +
             static_cast<double>(recurrent[gate]) * h + static_cast<double>(bias[gate]);
    };
    const double input_gate = sigmoid(before(0));
    const double forget_gate = sigmoid(before(1));
    const double candidate = std::tanh(before(2));
    const double output_gate = sigmoid(before(3));
    c = forget_gate * c + input_gate * candidate;
    h = output_gate * std::tanh(c);
  }
  const test::LayerOutput output = run_layer(*layer, {x});
  EXPECT_NEAR(test::numbers(output.values[0])[0], h, 1e-6);
  EXPECT_NEAR(test::numbers(output.values[1])[0], h, 1e-6);
  EXPECT_NEAR(test::numbers(output.values[2])[0], c, 1e-6);
}

TEST(LSTM, ForgetGateStartsOpen) {
  const Shape shape{None, 4, 2};
  const auto bias = [&](const layers::LSTMOptions& options) {
    const LayerPtr layer = layers::LSTM(options);
    layer->build(std::span(&shape, 1));
    return test::numbers(layer->parameters()[2].value);
  };
  EXPECT_EQ(bias({.units = 2}), (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(bias({.units = 2, .unit_forget_bias = false}), std::vector<double>(8, 0.0));
  // The other gates keep the initializer's values, as in Keras.
  EXPECT_EQ(bias({.units = 2, .bias_initializer = "ones"}), std::vector<double>(8, 1.0));
  EXPECT_EQ(bias({.units = 1, .bias_initializer = initializers::Constant(3)}),
            (std::vector<double>{3, 1, 3, 3}));
}

TEST(LSTM, WeightsAreWhereKerasFilesHaveThem) {
  const LayerPtr layer = layers::LSTM({.units = 2});
  EXPECT_EQ(layer->weight_path(0), "cell/vars/0");
  EXPECT_EQ(layer->weight_path(2), "cell/vars/2");
}

TEST(LSTM, RefusesWrongOptions) {
  EXPECT_EQ(error_of([] { layers::LSTM({.units = -3, .name = "memory"}); }),
            "LSTM \"memory\": units must be at least 1, got -3");
  EXPECT_EQ(
      error_of([] { layers::LSTM({.units = 2, .recurrent_dropout = -0.5, .name = "memory"}); }),
      "LSTM \"memory\": recurrent_dropout must be at least 0 and below 1, got -0.5");
  const std::string message =
      error_of([] { layers::LSTM({.units = 2, .recurrent_activation = "hard_sigmiod"}); });
  EXPECT_TRUE(message.starts_with("unknown activation \"hard_sigmiod\"")) << message;
  EXPECT_NE(message.find("hard_sigmoid"), std::string::npos) << message;
  const std::string initializer =
      error_of([] { layers::LSTM({.units = 2, .kernel_initializer = "glorot_unifrom"}); });
  EXPECT_TRUE(initializer.starts_with("unknown initializer \"glorot_unifrom\"")) << initializer;
  EXPECT_NE(initializer.find("glorot_uniform"), std::string::npos) << initializer;
}

}  // namespace
}  // namespace chronicler
