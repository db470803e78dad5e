#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

LayerPtr built(const layers::MinGRUOptions& options, std::int64_t features) {
  LayerPtr layer = layers::MinGRU(options);
  const Shape shape{None, None, features};
  layer->build(std::span(&shape, 1));
  return layer;
}

TEST(MinGRU, FollowsItsEquations) {
  const LayerPtr layer = built({.units = 1}, 1);
  copy(Tensor({1, 2}, std::vector<float>{0.5F, -0.3F}), layer->parameters()[0].value);
  copy(Tensor({2}, std::vector<float>{0.1F, 0.8F}), layer->parameters()[1].value);
  const std::vector<float> x{1.0F, -2.0F, 0.5F};
  double h = 0.0;
  for (const double each : std::vector<double>{1.0, -2.0, 0.5}) {
    const double z = sigmoid(0.5 * each + 0.1);
    h = (1.0 - z) * h + z * (-0.3 * each + 0.8);
  }
  EXPECT_NEAR(test::numbers(test::run_layer(*layer, {Tensor({1, 3, 1}, x)}).values[0])[0], h, 1e-6);
}

TEST(MinGRU, UpdateGateStartsNearlyShut) {
  const std::vector<double> usual = test::numbers(built({.units = 2}, 3)->parameters()[1].value);
  EXPECT_EQ(usual, (std::vector<double>{-1, -1, 0, 0}));
  const LayerPtr open = built({.units = 2, .unit_forget_bias = false}, 3);
  EXPECT_EQ(test::numbers(open->parameters()[1].value), (std::vector<double>{0, 0, 0, 0}));
  // Memories of 1 to 1000 steps: a gate of bias -log(n) lets 1 / (1 + n) in.
  const std::vector<double> chrono =
      test::numbers(built({.units = 400, .t_max = 1000}, 3)->parameters()[1].value);
  double longest = 0.0;
  for (std::size_t u = 0; u < 400; ++u) {
    EXPECT_LE(chrono[u], 0.0);
    EXPECT_GE(chrono[u], -std::log(999.0) - 1e-5);
    longest = std::min(longest, chrono[u]);
    EXPECT_EQ(chrono[400 + u], 0.0);
  }
  EXPECT_LT(longest, -std::log(900.0));
}

TEST(MinGRU, RefusesAMemoryOfOneStep) {
  EXPECT_EQ(test::error_of([] { layers::MinGRU({.units = 2, .t_max = 1, .name = "m"}); }),
            "MinGRU \"m\": t_max must be at least 2, got 1");
}

}  // namespace
}  // namespace chronicler
