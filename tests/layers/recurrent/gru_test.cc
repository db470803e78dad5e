#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// One unit, one feature; gates update, reset, candidate.
void expect_equations(bool reset_after) {
  const LayerPtr layer = layers::GRU({.units = 1, .reset_after = reset_after});
  const Tensor x({1, 3, 1}, std::vector<float>{1, -2, 0.5F});
  const Shape shape = x.shape();
  layer->build(std::span(&shape, 1));
  const std::vector<float> kernel{0.5F, -0.3F, 0.8F};
  const std::vector<float> recurrent{0.1F, 0.4F, -0.6F};
  const std::vector<float> bias{0.05F, 0.3F, -0.1F, 0.2F, -0.4F, 0.6F};
  copy(Tensor({1, 3}, kernel), layer->parameters()[0].value);
  copy(Tensor({1, 3}, recurrent), layer->parameters()[1].value);
  if (reset_after) {
    copy(Tensor({2, 3}, bias), layer->parameters()[2].value);
  } else {
    copy(Tensor({3}, std::vector<float>(bias.begin(), bias.begin() + 3)),
         layer->parameters()[2].value);
  }
  double h = 0.0;
  for (std::size_t t = 0; t < 3; ++t) {
    const auto of_input = [&](std::size_t gate) {
      return static_cast<double>(kernel[gate]) * static_cast<double>(x.as<float>()[t]) +
             static_cast<double>(bias[gate]);
    };
    const auto of_state = [&](std::size_t gate, double state) {
      return static_cast<double>(recurrent[gate]) * state +
             (reset_after ? static_cast<double>(bias[3 + gate]) : 0.0);
    };
    const double update = sigmoid(of_input(0) + of_state(0, h));
    const double reset = sigmoid(of_input(1) + of_state(1, h));
    const double candidate =
        std::tanh(of_input(2) + (reset_after ? reset * of_state(2, h) : of_state(2, reset * h)));
    h = update * h + (1.0 - update) * candidate;
  }
  EXPECT_NEAR(test::numbers(run_layer(*layer, {x}).values[0])[0], h, 1e-6);
}

TEST(GRU, FollowsItsEquationsWithResetAfter) { expect_equations(true); }
TEST(GRU, FollowsItsEquationsWithResetBefore) { expect_equations(false); }

TEST(GRU, ResetsAfterByDefault) {
  const LayerPtr layer = layers::GRU({.units = 4});
  const Shape shape{None, 5, 3};
  layer->build(std::span(&shape, 1));
  EXPECT_EQ(layer->parameters()[2].value.shape(), (Shape{2, 12}));
}

TEST(GRU, RefusesWrongOptions) {
  EXPECT_EQ(error_of([] { layers::GRU({.name = "gate"}); }),
            "GRU \"gate\": units must be at least 1, got 0");
  EXPECT_EQ(error_of([] { layers::GRU({.units = 1, .dropout = 1.5, .name = "gate"}); }),
            "GRU \"gate\": dropout must be at least 0 and below 1, got 1.5");
}

}  // namespace
}  // namespace chronicler
