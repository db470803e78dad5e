#include "chronicler/base/number_array.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(NumberArray, IsNothingANumberOrLists) {
  EXPECT_FALSE(NumberArray());
  EXPECT_EQ(field_text(NumberArray()), "none");
  EXPECT_EQ(field_text(NumberArray(2)), "2");
  EXPECT_EQ(NumberArray(2).shape().rank(), 0);
  EXPECT_EQ(field_text(NumberArray({1, 0.5})), "[1, 0.5]");
  EXPECT_EQ(field_text(NumberArray::of({2, 1}, {1, 2})), "[[1], [2]]");
  EXPECT_FALSE(NumberArray({2}) == NumberArray(2));
  EXPECT_TRUE(NumberArray({2}) == NumberArray(std::vector<double>{2}));
  EXPECT_EQ(test::error_of([] {
              NumberArray::of({2, 2}, {1, 2, 3});
            }),
            "shape (2, 2) needs 4 numbers, got 3");
}

}  // namespace
}  // namespace chronicler
