#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(Flatten, KeepsTheOrder) {
  const Tensor x = test::ramp({2, 3, 4});
  const Tensor y = test::run_layer(*layers::Flatten(), {x}).values[0];
  EXPECT_EQ(y.shape(), (Shape{2, 12}));
  EXPECT_EQ(test::numbers(y), test::numbers(x));
}

TEST(Flatten, KnowsItsSizeOnlyIfItsInputDoes) {
  const auto shape = [](const Shape& input) {
    return layers::Flatten()->output_shapes(std::span(&input, 1))[0].to_string();
  };
  EXPECT_EQ(shape({None, 3, 4}), "(None, 12)");
  EXPECT_EQ(shape({None, None, 4}), "(None, None)");
  EXPECT_EQ(shape({None, 4}), "(None, 4)");
}

TEST(Flatten, IsTheEndOfAMask) {
  EXPECT_FALSE(layers::Flatten()->supports_masking());
  const test::LayerInput input{test::ramp({1, 2, 4}), test::mask_from("10")};
  EXPECT_FALSE(test::run_layer(*layers::Flatten(), input).mask);
}

}  // namespace
}  // namespace chronicler
