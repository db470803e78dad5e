#include "chronicler/layers/pooling.h"

#include <vector>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

// dLoss/dx, where the loss is the sum of all outputs.
std::vector<float> slopes(const LayerPtr& layer, const std::vector<float>& x) {
  const test::LayerInput input{Tensor({1, static_cast<std::int64_t>(x.size()), 1}, x), {}};
  Tensor ones = test::run_layer(*layer, input).values[0].clone();
  ones.fill(1.0);
  const Tensor gradient = test::differentiate(*layer, input, {ones}).inputs[0];
  return {gradient.as<float>(), gradient.as<float>() + gradient.size()};
}

// As TensorFlow has it: its reduction shares the gradient among all that are largest, its pooling
// with windows gives it to the first. It counts where an embedding has an id more than once.
TEST(Pooling, OfStepsThatAreEquallyLarge) {
  const std::vector<float> x{1, 3, 3, 2, 3, 0};
  const float third = 1.0F / 3.0F;
  EXPECT_EQ(slopes(layers::GlobalMaxPooling1D(), x),
            (std::vector<float>{0, third, third, 0, third, 0}));
  EXPECT_EQ(slopes(layers::MaxPooling1D({.pool_size = {3}}), x),
            (std::vector<float>{0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(slopes(layers::AdaptiveMaxPooling1D({.output_size = {2}}), x),
            (std::vector<float>{0, 1, 0, 0, 1, 0}));
}

}  // namespace
}  // namespace chronicler
