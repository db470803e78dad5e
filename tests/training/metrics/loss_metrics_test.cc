#include "chronicler/training/metrics/loss_metrics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;
using test::metric_data::numbers;

TEST(LossMetrics, AreAsInKeras) {
  EXPECT_NEAR(result_of(metrics::CosineSimilarity(), numbers, number_guesses), 0.5186549, 1e-6);
  EXPECT_NEAR(result_of(metrics::LogCoshError(), numbers, number_guesses), 0.6988698, 1e-6);
  EXPECT_NEAR(result_of(metrics::MeanSquaredLogarithmicError(), numbers, number_guesses), 0.3184468,
              1e-6);
  Tensor larger = numbers.clone();
  for (float& number : larger.span<float>()) number += 2.0F;
  EXPECT_NEAR(result_of(metrics::MeanAbsolutePercentageError(), larger, number_guesses), 80.0,
              1e-4);
  EXPECT_NEAR(result_of(metrics::KLDivergence(), tags, tag_chances), 0.9521839, 1e-6);
  EXPECT_NEAR(result_of(metrics::Poisson(), tags, tag_chances), 0.8007287, 1e-6);
  EXPECT_NEAR(result_of(metrics::Hinge(), tags, tag_chances), 0.9250000, 1e-6);
  EXPECT_NEAR(result_of(metrics::SquaredHinge(), tags, tag_chances), 1.1420834, 1e-6);
  EXPECT_NEAR(result_of(metrics::CategoricalHinge(), tags, tag_chances), 0.7, 1e-6);
}

TEST(LossMetrics, NamesAndDirections) {
  EXPECT_EQ(metrics::LogCoshError()->name(), "logcosh");
  EXPECT_EQ(metrics::LogCoshError()->class_name(), "LogCoshError");
  EXPECT_EQ(metrics::CosineSimilarity()->direction(), Direction::up);
  EXPECT_EQ(metrics::KLDivergence()->direction(), Direction::down);
}

// Among as many symbols as a uniform guess has.
TEST(LossMetrics, PerplexityIsEToTheMeanSurprise) {
  const Tensor labels({3}, std::vector<std::int32_t>{0, 1, 3});
  Tensor p({3, 4});
  p.fill(0.25);
  EXPECT_NEAR(result_of(metrics::Perplexity(), labels, p), 4.0, 1e-5);
  const Tensor sure({1, 2}, std::vector<float>{0.9F, 0.1F});
  EXPECT_NEAR(result_of(metrics::Perplexity(), Tensor({1}, std::vector<std::int32_t>{0}), sure),
              1 / 0.9, 1e-5);
  EXPECT_NEAR(result_of(metrics::Perplexity({.ignore_class = 3}), labels, p), 4.0, 1e-5);
  EXPECT_EQ(metrics::Perplexity()->result(), 0.0);
}

}  // namespace
}  // namespace chronicler
