#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(Input, HoldsAShape) {
  const LayerPtr input = layers::Input({None, 100});
  EXPECT_EQ(input->class_name(), "InputLayer");
  ASSERT_TRUE(input->input_shape());
  EXPECT_EQ(input->input_shape()->to_string(), "(None, 100)");
  EXPECT_FALSE(input->batch_size());
}

TEST(Input, MayFixTheBatch) {
  const LayerPtr input = layers::Input({.shape = {5, 2}, .batch_size = 4, .dtype = "int32"});
  EXPECT_EQ(input->batch_size(), 4);
  EXPECT_EQ(input->dtype(), DType::int32);
}

TEST(Input, PassesDataAndMaskOn) {
  const test::LayerInput input{test::noise({2, 3, 4}, 1), test::mask_from("110/100")};
  const test::LayerOutput output = test::run_layer(*layers::Input({None, 4}), input);
  EXPECT_TRUE(test::same_bits(output.values[0], input.x));
  EXPECT_TRUE(test::same_bits(output.mask, input.mask));
}

TEST(Input, RefusesAWrongBatchSize) {
  EXPECT_EQ(test::error_of([] { layers::Input({.shape = {5}, .batch_size = 0, .name = "in"}); }),
            "InputLayer \"in\": batch_size must be at least 1, got 0");
}

}  // namespace
}  // namespace chronicler
