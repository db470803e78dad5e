#include "chronicler/training/metrics/confusion_metrics.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;

double precision(const metrics::PrecisionOptions& options = {}) {
  return result_of(metrics::Precision(options), tags, tag_chances);
}
double recall(const metrics::PrecisionOptions& options = {}) {
  return result_of(metrics::Recall(options), tags, tag_chances);
}

TEST(ConfusionMetrics, AreAsInKeras) {
  EXPECT_NEAR(precision(), 0.6666667, 1e-6);
  EXPECT_NEAR(recall(), 0.6666667, 1e-6);
  EXPECT_NEAR(precision({.thresholds = 0.3}), 0.625, 1e-6);
  EXPECT_NEAR(recall({.thresholds = 0.3}), 0.8333333, 1e-6);
  EXPECT_NEAR(precision({.top_k = 1}), 0.75, 1e-6);
  EXPECT_NEAR(recall({.top_k = 1}), 0.5, 1e-6);
  EXPECT_NEAR(precision({.thresholds = 0.5, .top_k = 2}), 0.6666667, 1e-6);
  EXPECT_NEAR(recall({.thresholds = 0.5, .top_k = 2}), 0.6666667, 1e-6);
  EXPECT_NEAR(precision({.class_id = 2}), 0.5, 1e-6);
  EXPECT_NEAR(recall({.class_id = 2}), 0.5, 1e-6);
  EXPECT_NEAR(result_of(metrics::Precision(), tags, tag_chances, row_weights), 0.8125, 1e-6);
  EXPECT_NEAR(result_of(metrics::Recall(), tags, tag_chances, row_weights), 0.5652174, 1e-6);
}

TEST(ConfusionMetrics, Counts) {
  EXPECT_EQ(result_of(metrics::TruePositives(), tags, tag_chances), 4.0);
  EXPECT_EQ(result_of(metrics::TrueNegatives(), tags, tag_chances), 4.0);
  EXPECT_EQ(result_of(metrics::FalsePositives(), tags, tag_chances), 2.0);
  EXPECT_EQ(result_of(metrics::FalseNegatives(), tags, tag_chances), 2.0);
  EXPECT_EQ(result_of(metrics::FalseNegatives({.thresholds = 0.95}), tags, tag_chances), 6.0);
}

TEST(ConfusionMetrics, MaskedStepsDoNotCount) {
  const Tensor y = tags.reshaped({2, 2, 3});
  const Tensor p = tag_chances.reshaped({2, 2, 3});
  const Tensor mask = test::mask_from("10/11");
  EXPECT_EQ(result_of(metrics::TruePositives(), y, p, {}, mask), 3.0);
  EXPECT_EQ(result_of(metrics::FalseNegatives(), y, p, {}, mask), 1.0);
}

TEST(ConfusionMetrics, OptionsAreChecked) {
  EXPECT_EQ(error_of([] { metrics::Precision({.top_k = 0}); }),
            "top_k of Precision must be at least 1, got 0");
  EXPECT_EQ(error_of([] { precision({.class_id = 3}); }),
            "class_id 3 of precision is outside 0..2");
  EXPECT_EQ(error_of([] {
              metrics::from("Recall", {{"thresholds", std::vector<double>{0.1, 0.2}}});
            }),
            "thresholds of Recall is a number, got [0.1, 0.2]");
}

}  // namespace
}  // namespace chronicler
