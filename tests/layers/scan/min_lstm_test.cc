#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

LayerPtr built(const layers::MinLSTMOptions& options, std::int64_t features) {
  LayerPtr layer = layers::MinLSTM(options);
  const Shape shape{None, None, features};
  layer->build(std::span(&shape, 1));
  return layer;
}

TEST(MinLSTM, FollowsItsEquations) {
  const LayerPtr layer = built({.units = 1}, 1);
  copy(Tensor({1, 3}, std::vector<float>{0.5F, 0.7F, -0.3F}), layer->parameters()[0].value);
  copy(Tensor({3}, std::vector<float>{0.1F, -0.2F, 0.8F}), layer->parameters()[1].value);
  double h = 0.0;
  for (const double x : std::vector<double>{1.0, -2.0, 0.5}) {
    const double i = sigmoid(0.5 * x + 0.1);
    const double f = sigmoid(0.7 * x - 0.2);
    h = f / (f + i) * h + i / (f + i) * (-0.3 * x + 0.8);
  }
  const Tensor x({1, 3, 1}, std::vector<float>{1.0F, -2.0F, 0.5F});
  EXPECT_NEAR(test::numbers(test::run_layer(*layer, {x}).values[0])[0], h, 1e-6);
}

TEST(MinLSTM, GatesStartTowardsKeepingTheState) {
  const std::vector<double> usual = test::numbers(built({.units = 2}, 3)->parameters()[1].value);
  EXPECT_EQ(usual, (std::vector<double>{0, 0, 1, 1, 0, 0}));
  const std::vector<double> chrono =
      test::numbers(built({.units = 50, .t_max = 100}, 3)->parameters()[1].value);
  for (std::size_t u = 0; u < 50; ++u) {
    EXPECT_GE(chrono[50 + u], 0.0);
    EXPECT_LE(chrono[50 + u], std::log(99.0) + 1e-5);
    EXPECT_EQ(chrono[u], -chrono[50 + u]);
  }
}

}  // namespace
}  // namespace chronicler
