#include "tasks/forecast/loss.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler::tasks {
namespace {

const float none = missing_target;

TEST(ForecastLoss, IsSquaredErrorAndPinball) {
  const LossPtr loss = forecast_loss({0.1, 0.9}, 0.5);
  const Tensor truth({1, 1, 2}, std::vector<float>{1.0F, none});
  // Means, lower and upper quantile of two steps, of which the second does not count.
  const Tensor predicted({1, 1, 6}, std::vector<float>{3.0F, 9.0F, 2.0F, 9.0F, 0.0F, 9.0F});
  const Tensor values({1, 1});
  const Tensor gradient({1, 1, 6});
  loss->values(truth, predicted, values, gradient);
  // (4 + 0.5 (0.9 * 1 + 0.9 * 1)) / 2
  EXPECT_FLOAT_EQ(values.as<float>()[0], 2.45F);
  const std::vector<float> expected{2.0F, 0.0F, 0.225F, 0.0F, -0.225F, 0.0F};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_FLOAT_EQ(gradient.as<float>()[i], expected[i]) << i;
}

TEST(ForecastLoss, HasTheDerivativeOfItsValue) {
  const LossPtr loss = forecast_loss({0.25}, 0.3);
  const Tensor truth({1, 1, 1}, std::vector<float>{0.4F});
  const auto value = [&](float mean, float quantile) {
    const Tensor values({1, 1});
    loss->values(truth, Tensor({1, 1, 2}, std::vector<float>{mean, quantile}), values, {});
    return static_cast<double>(values.as<float>()[0]);
  };
  const Tensor values({1, 1});
  const Tensor gradient({1, 1, 2});
  loss->values(truth, Tensor({1, 1, 2}, std::vector<float>{1.5F, -0.5F}), values, gradient);
  constexpr float step = 1e-2F;
  EXPECT_NEAR(gradient.as<float>()[0],
              (value(1.5F + step, -0.5F) - value(1.5F - step, -0.5F)) / 0.02, 1e-3);
  EXPECT_NEAR(gradient.as<float>()[1],
              (value(1.5F, -0.5F + step) - value(1.5F, -0.5F - step)) / 0.02, 1e-3);
}

}  // namespace
}  // namespace chronicler::tasks
