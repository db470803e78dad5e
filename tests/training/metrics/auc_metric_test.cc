#include "chronicler/training/metrics/auc_metric.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;

double auc(const metrics::AUCOptions& options = {}, const TensorView& weights = {}) {
  return result_of(metrics::AUC(options), bits, chances, weights);
}

TEST(Auc, IsAsInKeras) {
  EXPECT_NEAR(auc(), 0.7777778, 1e-6);
  EXPECT_NEAR(auc({.curve = "PR"}), 0.8512377, 1e-6);
  EXPECT_NEAR(auc({.summation_method = "minoring"}), 0.7777778, 1e-6);
  EXPECT_NEAR(auc({.summation_method = "majoring"}), 0.7777778, 1e-6);
  EXPECT_NEAR(auc({.curve = "PR", .summation_method = "majoring"}), 0.8666667, 1e-6);
  EXPECT_NEAR(auc({.num_thresholds = 5}), 0.8333333, 1e-6);
  EXPECT_NEAR(auc({.thresholds = {0.2, 0.5, 0.7}}), 0.8333333, 1e-6);
  EXPECT_NEAR(auc({.curve = "PR", .thresholds = {0.7, 0.2, 0.5}}), 0.8759022, 1e-6);
  EXPECT_NEAR(auc({}, bit_weights), 0.8333333, 1e-6);
  EXPECT_NEAR(auc({.curve = "PR"}, bit_weights), 0.8620144, 1e-6);
  const Tensor logits({6}, std::vector<float>{2, -1, 0.3F, 1, -0.2F, -3});
  EXPECT_NEAR(result_of(metrics::AUC({.from_logits = true}), bits, logits), 1.0, 1e-6);
}

TEST(Auc, OfSeveralLabelsIsAsInKeras) {
  const auto of_labels = [](const metrics::AUCOptions& options, const TensorView& weights = {}) {
    return result_of(metrics::AUC(options), labels, label_chances, weights);
  };
  EXPECT_NEAR(of_labels({.multi_label = true}), 0.8333333, 1e-6);
  EXPECT_NEAR(of_labels({.multi_label = true}, label_row_weights), 0.6349207, 1e-6);
  EXPECT_NEAR(of_labels({.curve = "PR", .multi_label = true}), 0.9184479, 1e-6);
  EXPECT_NEAR(of_labels({.curve = "PR", .multi_label = true}, label_row_weights), 0.8023651, 1e-6);
  const std::vector<double> three{1.0, 2.0, 0.5};
  EXPECT_NEAR(of_labels({.multi_label = true, .label_weights = three}), 0.8809524, 1e-6);
  EXPECT_NEAR(of_labels({.multi_label = true, .label_weights = three}, label_row_weights),
              0.7482993, 1e-6);
  EXPECT_NEAR(of_labels({.curve = "PR",
                         .summation_method = "majoring",
                         .multi_label = true,
                         .label_weights = three}),
              0.95, 1e-6);
  EXPECT_NEAR(of_labels({.label_weights = three}), 0.8496732, 1e-6);
  EXPECT_NEAR(of_labels({.label_weights = three}, label_row_weights), 0.6728077, 1e-6);
}

TEST(Auc, ComesBackFromItsState) {
  const MetricPtr one = metrics::AUC({.multi_label = true});
  const MetricPtr other = one->fresh();
  EXPECT_EQ(one->result(), 0.0);
  one->update(labels, label_chances, {}, {});
  other->set_state(one->state());
  EXPECT_EQ(other->result(), one->result());
}

// The probability that a positive is ranked above a negative.
TEST(Auc, IsTheShareOfPairsInOrder) {
  const Tensor p = test::noise({400}, 1);
  Tensor y({400});
  for (std::int64_t i = 0; i < 400; ++i) {
    float& chance = p.as<float>()[i];
    chance = 0.5F + 0.5F * chance;
    y.as<float>()[i] = static_cast<float>(test::numbers(
                           test::noise({1}, 1000U + static_cast<std::uint64_t>(i)))[0]) < chance
                           ? 1.0F
                           : 0.0F;
  }
  double right = 0.0;
  double pairs = 0.0;
  for (std::int64_t i = 0; i < 400; ++i) {
    for (std::int64_t j = 0; j < 400; ++j) {
      if (y.as<float>()[i] != 1.0F || y.as<float>()[j] != 0.0F) continue;
      pairs += 1.0;
      right += p.as<float>()[i] > p.as<float>()[j] ? 1.0 : 0.0;
    }
  }
  EXPECT_NEAR(result_of(metrics::AUC({.num_thresholds = 5000}), y, p), right / pairs, 1e-3);
}

TEST(Auc, OptionsAreChecked) {
  EXPECT_EQ(error_of([] { metrics::AUC({.num_thresholds = 1}); }),
            "num_thresholds of AUC must be at least 2, got 1");
  EXPECT_EQ(error_of([] {
              metrics::AUC({.thresholds = {0.5, 1.5}});
            }),
            "thresholds of AUC must be from 0 to 1, got 1.5");
  EXPECT_EQ(
      error_of([] { result_of(metrics::AUC({.label_weights = {1.0}}), labels, label_chances); }),
      "AUC has 1 label_weights, the predictions have 3 labels: give one weight for each "
      "label");
  EXPECT_TRUE(
      error_of([] { metrics::AUC({.curve = "roc"}); }).starts_with("unknown curve of AUC \"roc\""));
}

}  // namespace
}  // namespace chronicler
