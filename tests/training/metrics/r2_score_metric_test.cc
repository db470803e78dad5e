#include "chronicler/training/metrics/r2_score_metric.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;
using test::metric_data::numbers;

double r2(const std::vector<Setting>& settings = {}) {
  return result_of(metrics::from("R2Score", settings), numbers, number_guesses);
}

TEST(R2Score, IsAsInKeras) {
  EXPECT_NEAR(r2(), -0.7044445, 1e-6);
  EXPECT_NEAR(r2({{"class_aggregation", std::string("variance_weighted_average")}}), -0.5627398,
              1e-6);
  EXPECT_NEAR(r2({{"num_regressors", std::int64_t{2}}}), -1.8407409, 1e-6);
  EXPECT_NEAR(r2({{"class_aggregation", {}}}), (0.1088889 - 1.0 - 1.2222223) / 3, 1e-6);
  EXPECT_NEAR(result_of(metrics::R2Score(), tags, tag_chances, row_weights), -0.0183334, 1e-6);
}

TEST(R2Score, WithoutAggregationIsOneForEachOutput) {
  expect_near(results_of(metrics::R2Score({.class_aggregation = {}}), labels, label_chances),
              {0.0791666, 0.4520834, 0.2083333});
  expect_near(results_of(metrics::R2Score({.class_aggregation = {}, .num_regressors = 1}), labels,
                         label_chances),
              {0.0083333, 0.409936, 0.1474358});
  expect_near(results_of(metrics::R2Score(), labels, label_chances), {});
}

TEST(R2Score, OptionsAreChecked) {
  EXPECT_TRUE(error_of([] {
                metrics::R2Score({.class_aggregation = "mean"});
              }).starts_with("unknown class_aggregation of R2Score \"mean\""));
  EXPECT_EQ(error_of([] { metrics::R2Score({.num_regressors = -1}); }),
            "num_regressors of R2Score must be at least 0, got -1");
}

}  // namespace
}  // namespace chronicler
