#include "chronicler/training/metrics/f_score_metrics.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;

double f1(const metrics::F1ScoreOptions& options) {
  return result_of(metrics::F1Score(options), tags, tag_chances);
}

TEST(FScores, AreAsInKeras) {
  EXPECT_NEAR(f1({}), 0.5, 1e-6);  // the mean of 1, 0.5 and 0
  EXPECT_NEAR(f1({.threshold = 0.5}), 0.6666667, 1e-6);
  EXPECT_NEAR(f1({.average = "micro"}), 0.6, 1e-6);
  EXPECT_NEAR(f1({.average = "micro", .threshold = 0.5}), 0.6666667, 1e-6);
  EXPECT_NEAR(f1({.average = "macro"}), 0.5, 1e-6);
  EXPECT_NEAR(f1({.average = "weighted", .threshold = 0.5}), 0.6666667, 1e-6);
  EXPECT_NEAR(result_of(metrics::F1Score({.average = "weighted", .threshold = 0.5}), tags,
                        tag_chances, row_weights),
              0.6156126, 1e-6);
  EXPECT_NEAR(result_of(metrics::FBetaScore({.average = "micro", .beta = 2.0, .threshold = 0.5}),
                        tags, tag_chances),
              0.6666667, 1e-6);
}

TEST(FScores, WithoutAverageAreOneForEachClass) {
  expect_near(results_of(metrics::F1Score({}), labels, label_chances), {0.8, 0.6666666, 0.3999999});
  expect_near(results_of(metrics::F1Score({.threshold = 0.5}), labels, label_chances),
              {0.8, 1.0, 0.8});
  expect_near(
      results_of(metrics::FBetaScore({.beta = 2.0}), labels, label_chances, label_row_weights),
      {0.3846154, 0.8333333, 0.25});
  expect_near(results_of(metrics::F1Score({.average = "macro"}), labels, label_chances), {});
}

// (1 + b^2) p r / (b^2 p + r)
TEST(FScores, BetaWeighsRecall) {
  const double p = 0.625;
  const double r = 5.0 / 6;
  for (const double beta : {0.5, 2.0}) {
    EXPECT_NEAR(result_of(metrics::FBetaScore({.average = "micro", .beta = beta, .threshold = 0.3}),
                          tags, tag_chances),
                (1 + beta * beta) * p * r / (beta * beta * p + r), 1e-6);
  }
}

TEST(FScores, OptionsAreChecked) {
  EXPECT_EQ(error_of([] { metrics::FBetaScore({.beta = 0.0}); }),
            "beta of FBetaScore must be above 0, got 0");
  EXPECT_TRUE(error_of([] {
                metrics::F1Score({.average = "mean"});
              }).starts_with("unknown average of F1Score \"mean\""));
}

}  // namespace
}  // namespace chronicler
