#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

LayerPtr built(const layers::RGLRUOptions& options, std::int64_t features) {
  LayerPtr layer = layers::RGLRU(options);
  const Shape shape{None, None, features};
  layer->build(std::span(&shape, 1));
  return layer;
}

void expect_equations(bool negative) {
  const LayerPtr layer = built({.units = 1, .negative = negative}, 1);
  copy(Tensor({1, 3}, std::vector<float>{0.5F, 0.7F, -0.3F}), layer->parameters()[0].value);
  copy(Tensor({3}, std::vector<float>{0.1F, -0.2F, 0.8F}), layer->parameters()[1].value);
  copy(Tensor({1}, std::vector<float>{2.5F}), layer->parameters()[2].value);
  double h = 0.0;
  for (const double x : std::vector<double>{1.0, -2.0, 0.5}) {
    const double r = sigmoid(0.5 * x + 0.1);
    const double i = sigmoid(0.7 * x - 0.2);
    double a = std::pow(sigmoid(2.5), 8.0 * r);
    if (negative) a = 2.0 * a - 1.0;
    h = a * h + std::sqrt(1.0 - a * a) * i * (-0.3 * x + 0.8);
  }
  const Tensor x({1, 3, 1}, std::vector<float>{1.0F, -2.0F, 0.5F});
  EXPECT_NEAR(test::numbers(test::run_layer(*layer, {x}).values[0])[0], h, 1e-6);
}

TEST(RGLRU, FollowsItsEquations) { expect_equations(false); }
TEST(RGLRU, FollowsItsEquationsWithNegativeFactors) { expect_equations(true); }

// sigmoid(decay) ^ 8 of all units: least and largest.
std::pair<double, double> decays(const layers::RGLRUOptions& options) {
  std::vector<double> values = test::numbers(built(options, 3)->parameters()[2].value);
  for (double& value : values) value = std::pow(sigmoid(value), 8.0);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return {*least, *most};
}

TEST(RGLRU, DecaysStartWhereTheOptionsSay) {
  const auto [least, most] = decays({.units = 500});
  EXPECT_GE(least, 0.9 - 1e-5);
  EXPECT_LT(least, 0.902);
  EXPECT_LE(most, 0.999 + 1e-5);
  EXPECT_GT(most, 0.997);
  EXPECT_LT(decays({.units = 500, .negative = true}).first, 0.02);
  const auto [own_least, own_most] = decays({.units = 500, .decay_min = 0.3, .decay_max = 0.4});
  EXPECT_GE(own_least, 0.3 - 1e-5);
  EXPECT_LE(own_most, 0.4 + 1e-5);
  EXPECT_EQ(test::error_of([] {
              layers::RGLRU({.units = 2, .decay_min = 0.5, .decay_max = 0.4, .name = "r"});
            }),
            "RGLRU \"r\": decay_min must be less than decay_max, got 0.5 and 0.4");
}

// A unit whose factor is -1 where the input is 1, and 1 where it is 0, holds the parity.
TEST(RGLRU, NegativeFactorsTellParity) {
  const LayerPtr layer = built({.units = 1, .use_bias = true, .negative = true}, 1);
  copy(Tensor({1, 3}, std::vector<float>{80.0F, 0.0F, 0.0F}), layer->parameters()[0].value);
  copy(Tensor({3}, std::vector<float>{-40.0F, 0.0F, 0.0F}), layer->parameters()[1].value);
  copy(Tensor({1}, std::vector<float>{-10.0F}), layer->parameters()[2].value);
  std::vector<float> bits;
  int parity = 0;
  for (int t = 0; t < 1000; ++t) {
    bits.push_back(t * t % 7 < 3 ? 1.0F : 0.0F);
    parity ^= static_cast<int>(bits.back());
  }
  test::LayerInput input{Tensor({1, 1000, 1}, bits)};
  input.states = {Tensor({1, 1}, std::vector<float>{1.0F})};
  EXPECT_NEAR(test::numbers(test::run_layer(*layer, input).values[0])[0], parity == 1 ? -1.0 : 1.0,
              1e-5);
}

}  // namespace
}  // namespace chronicler
