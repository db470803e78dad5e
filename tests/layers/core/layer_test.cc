#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::run_layer;

TEST(Layer, BuildsOnce) {
  const LayerPtr layer = layers::Dense({.units = 3});
  EXPECT_FALSE(layer->built());
  EXPECT_TRUE(layer->parameters().empty());
  const Shape shape{None, 4};
  layer->build(std::span(&shape, 1));
  EXPECT_TRUE(layer->built());
  const Tensor kernel = layer->parameters()[0].value;
  const Tensor before = kernel.clone();
  layer->build(std::span(&shape, 1));
  EXPECT_TRUE(test::same_bits(layer->parameters()[0].value, before));
  EXPECT_EQ(layer->parameters()[0].value.view().raw(), kernel.view().raw());
}

TEST(Layer, HasItsTypeUntilItIsBuilt) {
  const LayerPtr layer = layers::LSTM({.units = 2, .name = "memory", .dtype = "float64"});
  EXPECT_EQ(layer->dtype(), DType::float64);
  layer->set_dtype(DType::float32);
  const Shape shape{None, 5, 4};
  layer->build(std::span(&shape, 1));
  EXPECT_EQ(layer->parameters()[0].value.dtype(), DType::float32);
  layer->set_dtype(DType::float32);
  EXPECT_EQ(error_of([&] { layer->set_dtype(DType::float64); }),
            "LSTM \"memory\" is built already as float32: set the dtype before the first data");
}

TEST(Layer, RefusesAnUnknownType) {
  const std::string message = error_of([] { layers::Dense({.units = 2, .dtype = "float23"}); });
  EXPECT_NE(message.find("\"float23\""), std::string::npos) << message;
  EXPECT_NE(message.find("float32"), std::string::npos) << message;
}

TEST(Layer, StateCopiesShareNothing) {
  const State state{noise({2, 3}, 1), noise({2, 3}, 2)};
  const State copy = clone_state(state);
  ASSERT_EQ(copy.size(), 2U);
  EXPECT_TRUE(test::same_bits(copy[1], state[1]));
  Tensor changed = copy[1];
  changed.fill(5.0);
  EXPECT_FALSE(test::same_bits(copy[1], state[1]));
}

TEST(Layer, CountsItsParameters) {
  const LayerPtr layer = layers::GRU({.units = 64});
  const Shape shape{None, None, 100};
  layer->build(std::span(&shape, 1));
  EXPECT_EQ(layer->count_params(), 31872);
}

// Glorot's limit, an orthogonal recurrent kernel and zero biases but for the forget gate.
TEST(Layer, StartsAsKerasDoes) {
  const LayerPtr layer = layers::LSTM({.units = 8});
  const Shape shape{None, None, 5};
  layer->build(std::span(&shape, 1));
  const double limit = std::sqrt(6.0 / (5 + 32));
  double largest = 0.0;
  for (const double value : test::numbers(layer->parameters()[0].value))
    largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, limit);
  EXPECT_GT(largest, 0.8 * limit);

  const std::vector<double> recurrent = test::numbers(layer->parameters()[1].value);
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b < 8; ++b) {
      double product = 0.0;
      for (std::size_t k = 0; k < 32; ++k) product += recurrent[a * 32 + k] * recurrent[b * 32 + k];
      EXPECT_NEAR(product, a == b ? 1.0 : 0.0, 1e-5);
    }
  }
  const std::vector<double> bias = test::numbers(layer->parameters()[2].value);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(bias[i], i >= 8 && i < 16 ? 1.0 : 0.0);
}

TEST(Layer, TakesOneInputUnlessItSaysOtherwise) {
  const LayerPtr layer = layers::Flatten({.name = "flat"});
  const Tensor x = noise({2, 3, 4}, 1);
  EXPECT_EQ(error_of([&] {
              run_layer(*layer, {x, {}, {noise({2, 3}, 1)}});
            }),
            "Flatten \"flat\" takes one input, got 2");
}

}  // namespace
}  // namespace chronicler
