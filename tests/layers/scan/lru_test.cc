#include <algorithm>
#include <cmath>
#include <complex>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::noise;

LayerPtr built(const layers::LRUOptions& options, std::int64_t features) {
  LayerPtr layer = layers::LRU(options);
  const Shape shape{None, None, features};
  layer->build(std::span(&shape, 1));
  return layer;
}

TEST(LRU, FollowsItsEquations) {
  const LayerPtr layer = built({.units = 1}, 1);
  const std::vector<std::vector<float>> weights{{0.5F, -0.4F}, {-1.0F}, {0.2F}, {-0.3F},
                                                {0.7F, 0.6F},  {0.9F},  {0.1F}};
  for (std::size_t i = 0; i < weights.size(); ++i)
    copy(Tensor(layer->parameters()[i].value.shape(), weights[i]), layer->parameters()[i].value);
  const std::complex<double> lambda =
      std::polar(std::exp(-std::exp(-1.0)), std::exp(static_cast<double>(0.2F)));
  std::complex<double> h = 0.0;
  double y = 0.0;
  for (const double x : std::vector<double>{1.0, -2.0, 0.5}) {
    h = lambda * h + std::exp(-0.3) * std::complex<double>(0.5, -0.4) * x;
    y = (h * std::complex<double>(0.7, -0.6)).real() + 0.9 * x + 0.1;
  }
  const Tensor x({1, 3, 1}, std::vector<float>{1.0F, -2.0F, 0.5F});
  EXPECT_NEAR(test::numbers(test::run_layer(*layer, {x}).values[0])[0], y, 1e-6);
}

TEST(LRU, FactorsStartOnTheRing) {
  const LayerPtr layer = built({.units = 500, .r_min = 0.3, .r_max = 0.8, .max_phase = 0.5}, 3);
  const std::vector<double> nu = test::numbers(layer->parameters()[1].value);
  const std::vector<double> theta = test::numbers(layer->parameters()[2].value);
  const std::vector<double> gamma = test::numbers(layer->parameters()[3].value);
  double least = 1.0;
  double most = 0.0;
  for (std::size_t u = 0; u < nu.size(); ++u) {
    const double size = std::exp(-std::exp(nu[u]));
    least = std::min(least, size);
    most = std::max(most, size);
    EXPECT_LE(std::exp(theta[u]), 0.5 + 1e-5);
    EXPECT_NEAR(std::exp(gamma[u]), std::sqrt(1.0 - size * size), 1e-5);
  }
  EXPECT_GE(least, 0.3 - 1e-5);
  EXPECT_LT(least, 0.32);
  EXPECT_LE(most, 0.8 + 1e-5);
  EXPECT_GT(most, 0.79);
  EXPECT_EQ(
      test::error_of([] { layers::LRU({.units = 2, .r_min = 0.9, .r_max = 0.5, .name = "l"}); }),
      "LRU \"l\": r_min must be less than r_max, got 0.9 and 0.5");
}

// What is observed is dLoss by the real part of h: the gradient by the state of the steps that are
// left, and by way of the step's own output.
TEST(LRU, ObservedGradientsAreThoseOfTheRealPart) {
  const LayerPtr layer = built({.units = 4, .state_size = 3, .return_sequences = true}, 2);
  test::randomize_weights(*layer, 5);
  const Tensor x = noise({2, 6, 2}, 1);
  const Tensor dy = noise({2, 6, 4}, 2);
  test::LayerMode mode;
  mode.observe = true;
  const Tensor observed = test::differentiate(*layer, {x}, {dy}, mode).observed;
  const auto steps = [](const Tensor& all, std::int64_t begin, std::int64_t end) {
    const std::int64_t width = all.shape()[2];
    Tensor some({2, end - begin, width});
    for (std::int64_t row = 0; row < 2; ++row) {
      std::copy_n(all.as<float>() + (row * 6 + begin) * width, (end - begin) * width,
                  some.as<float>() + row * (end - begin) * width);
    }
    return some;
  };
  for (std::int64_t done = 1; done < 6; ++done) {
    State state = layer->initial_state(2);
    test::run_layer(*layer, {steps(x, 0, done)}, {}, &state);
    test::LayerInput rest{steps(x, done, 6)};
    rest.states = state;
    Tensor total = test::differentiate(*layer, rest, {steps(dy, done, 6)}).inputs[1].clone();
    const float* kernel = layer->parameters()[4].value.as<float>();  // (6, 4)
    for (std::int64_t row = 0; row < 2; ++row) {
      for (std::int64_t n = 0; n < 3; ++n) {
        for (std::int64_t u = 0; u < 4; ++u)
          total.as<float>()[row * 3 + n] +=
              dy.as<float>()[(row * 6 + done - 1) * 4 + u] * kernel[n * 4 + u];
      }
    }
    EXPECT_TRUE(test::close_to(observed.rows(done - 1, done).reshaped({2, 3}), total, 1e-5));
  }
}

// Padding changes nothing: a masked step repeats the output, with what x gave to it.
TEST(LRU, AMaskedStepRepeatsTheWholeOutput) {
  const LayerPtr layer = built({.units = 4}, 2);
  test::randomize_weights(*layer, 5);
  const Tensor x = noise({1, 6, 2}, 1);
  test::LayerInput padded{x};
  padded.mask = test::mask_from("111100");
  const test::LayerInput alone{
      Tensor({1, 4, 2}, std::vector<float>(x.as<float>(), x.as<float>() + 8))};
  EXPECT_TRUE(test::same_bits(test::run_layer(*layer, padded).values[0],
                              test::run_layer(*layer, alone).values[0]));
}

}  // namespace
}  // namespace chronicler
