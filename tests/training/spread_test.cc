#include "training/spread.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

std::vector<float> spread(const Tensor& given, const Shape& values) {
  const auto weights = Spread<float>::weights(given, values);
  std::vector<float> all;
  for (std::int64_t i = 0; i < values.elements(); ++i) all.push_back(weights[i]);
  return all;
}

TEST(Spread, OneNumberStandsForAllBelowIt) {
  const Tensor two({2}, std::vector<float>{1, 2});
  EXPECT_EQ(spread(two, {2}), (std::vector<float>{1, 2}));
  EXPECT_EQ(spread(two, {2, 2}), (std::vector<float>{1, 1, 2, 2}));
  EXPECT_EQ(spread(two.reshaped({2, 1}), {2, 2}), (std::vector<float>{1, 1, 2, 2}));
  EXPECT_EQ(spread(two.reshaped({2, 1}), {2}), (std::vector<float>{1, 2}));
  EXPECT_EQ(spread(Tensor({2, 2}, std::vector<float>{1, 2, 3, 4}), {2, 2, 2}),
            (std::vector<float>{1, 1, 2, 2, 3, 3, 4, 4}));
}

TEST(Spread, NothingIsEmpty) { EXPECT_TRUE(Spread<float>::weights({}, {2, 3}).empty()); }

TEST(Spread, MasksMustFit) {
  const Tensor mask = test::mask_from("110/111");
  EXPECT_EQ(Spread<std::uint8_t>::mask(mask, {2, 3, 4})[11], 0);
  EXPECT_EQ(test::error_of([&] { Spread<std::uint8_t>::mask(mask, {2}); }),
            "a mask of shape (2, 3) does not fit a loss of shape (2,): give one number for each "
            "sample, or one for each step");
}

}  // namespace
}  // namespace chronicler
