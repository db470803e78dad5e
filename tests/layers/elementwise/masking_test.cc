#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::run_layer;

TEST(Masking, FindsStepsThatHoldOneValueOnly) {
  const Tensor x({1, 4, 2}, std::vector<float>{1, 2, 0, 0, 0, 3, 0, 0});
  const test::LayerOutput output = run_layer(*layers::Masking(), {x});
  EXPECT_TRUE(test::same_bits(output.mask, test::mask_from("1010")));
  EXPECT_TRUE(test::same_bits(output.values[0], x));
}

TEST(Masking, WritesZeroIntoMaskedSteps) {
  const Tensor x({1, 3, 2}, std::vector<float>{1, -1, -1, -1, -1, 3});
  const test::LayerOutput output = run_layer(*layers::Masking({.mask_value = -1}), {x});
  EXPECT_TRUE(test::same_bits(output.mask, test::mask_from("101")));
  EXPECT_EQ(test::numbers(output.values[0]), (std::vector<double>{1, -1, 0, 0, -1, 3}));
}

TEST(Masking, GradientStopsAtMaskedSteps) {
  const Tensor x({1, 2, 2}, std::vector<float>{0, 0, 1, 2});
  const Tensor dy({1, 2, 2}, std::vector<float>{5, 6, 7, 8});
  const test::LayerGradient gradient = test::differentiate(*layers::Masking(), {x}, {dy});
  EXPECT_EQ(test::numbers(gradient.inputs[0]), (std::vector<double>{0, 0, 7, 8}));
}

TEST(Masking, MasksAllAxesButTheLast) {
  const Tensor x({1, 2, 2, 2}, std::vector<float>{0, 0, 1, 0, 0, 2, 0, 0});
  const test::LayerOutput output = run_layer(*layers::Masking(), {x});
  EXPECT_EQ(output.mask.shape(), (Shape{1, 2, 2}));
  EXPECT_EQ(test::numbers(output.mask), (std::vector<double>{0, 1, 1, 0}));
  EXPECT_EQ(
      test::error_of([] { run_layer(*layers::Masking({.name = "gaps"}), {test::noise({3}, 1)}); }),
      "Masking \"gaps\" needs input (batch, ..., features), got (3,): give the data a features "
      "axis");
}

}  // namespace
}  // namespace chronicler
