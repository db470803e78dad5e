#include "training/class_weight.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::numbers;

const std::map<std::int64_t, double> weights{{0, 1.0}, {1, 5.0}, {2, 0.25}};

std::vector<double> weights_of(const Tensor& y, const Shape& expected, const Shape& y_pred = {}) {
  const Tensor result = sample_weights_from_class(y, weights, y_pred);
  EXPECT_EQ(result.shape(), expected);
  EXPECT_EQ(result.dtype(), DType::float32);
  return numbers(result);
}

TEST(ClassWeight, OfLabels) {
  const std::vector<double> expected{1.0, 0.25, 5.0};
  const Tensor y({3}, std::vector<std::int32_t>{0, 2, 1});
  EXPECT_EQ(weights_of(y, {3}), expected);
  EXPECT_EQ(weights_of(y.reshaped({3, 1}), {3}), expected);
  EXPECT_EQ(weights_of(y.to(DType::float32), {3}), expected);
}

TEST(ClassWeight, OfOneHotRows) {
  const Tensor y({2, 3}, std::vector<float>{0, 0, 1, 0, 1, 0});
  EXPECT_EQ(weights_of(y, {2}), (std::vector<double>{0.25, 5.0}));
  EXPECT_EQ(weights_of(y.reshaped({1, 2, 3}), {1, 2}), (std::vector<double>{0.25, 5.0}));
}

TEST(ClassWeight, OfSteps) {
  const std::vector<double> expected{1.0, 5.0, 5.0, 0.25, 1.0, 1.0};
  const Tensor y({2, 3}, std::vector<std::int32_t>{0, 1, 1, 2, 0, 0});
  EXPECT_EQ(weights_of(y, {2, 3}), expected);
  EXPECT_EQ(weights_of(y.reshaped({2, 3, 1}), {2, 3}), expected);
}

// Steps of which exactly one is positive look like one-hot rows: the predictions' shape tells.
TEST(ClassWeight, PredictionsTellStepsFromClasses) {
  const Tensor y({2, 3}, std::vector<std::int32_t>{0, 1, 0, 0, 0, 1});
  EXPECT_EQ(weights_of(y, {2}, {2, 3}), (std::vector<double>{5.0, 0.25}));
  EXPECT_EQ(weights_of(y, {2, 3}, {2, 3, 1}), (std::vector<double>{1, 5, 1, 1, 1, 5}));
}

TEST(ClassWeight, RefusesWhatHasNoWeight) {
  EXPECT_EQ(error_of([] {
              sample_weights_from_class(Tensor({2}, std::vector<std::int32_t>{0, 7}), weights);
            }),
            "class_weight has no weight for class 7, which y holds at row 1: it has weights for 0, "
            "1, 2; 1 leaves a class as it is");
  EXPECT_EQ(error_of([] {
              sample_weights_from_class(Tensor({2}, std::vector<float>{0.0F, 0.5F}), weights);
            }),
            "class_weight needs classes, but y holds 0.5 at row 1: use sample_weight for targets "
            "that are not classes");
}

}  // namespace
}  // namespace chronicler
