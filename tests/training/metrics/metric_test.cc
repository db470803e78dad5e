#include "chronicler/training/metric.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/training/metrics.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::mask_from;
using test::noise;

double result_of(const MetricPtr& metric, const Tensor& y_true, const Tensor& y_pred,
                 const TensorView& weight = {}, const TensorView& mask = {}) {
  metric->reset();
  metric->update(y_true, y_pred, weight, mask);
  return metric->result();
}

const Tensor scores({4, 3}, std::vector<float>{0.1F, 0.8F, 0.1F, 0.5F, 0.2F, 0.3F,  //
                                               0.3F, 0.3F, 0.4F, 0.4F, 0.4F, 0.2F});
const Tensor labels({4}, std::vector<std::int32_t>{1, 2, 2, 1});

Tensor one_hot() {
  Tensor result({4, 3});
  for (int row = 0; row < 4; ++row) {
    result.as<float>()[row * 3 + labels.as<std::int32_t>()[row]] = 1.0F;
  }
  return result;
}

// ---- right and wrong

TEST(Accuracies, TheFirstLargestWins) {
  // Rows 0 and 2 are right, row 1 is wrong, and in row 3 class 0 is as large and comes first.
  EXPECT_DOUBLE_EQ(result_of(metrics::SparseCategoricalAccuracy(), labels, scores), 0.5);
  EXPECT_DOUBLE_EQ(result_of(metrics::SparseCategoricalAccuracy(), labels.reshaped({4, 1}), scores),
                   0.5);
  EXPECT_DOUBLE_EQ(result_of(metrics::CategoricalAccuracy(), one_hot(), scores), 0.5);
}

TEST(Accuracies, TopKCountsLargerScores) {
  EXPECT_DOUBLE_EQ(result_of(metrics::SparseTopKCategoricalAccuracy({.k = 1}), labels, scores),
                   0.75);  // a tie is in
  EXPECT_DOUBLE_EQ(result_of(metrics::SparseTopKCategoricalAccuracy({.k = 2}), labels, scores),
                   1.0);
  EXPECT_DOUBLE_EQ(result_of(metrics::TopKCategoricalAccuracy({.k = 1}), one_hot(), scores), 0.75);
  Tensor broken = scores.clone();
  broken.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_DOUBLE_EQ(result_of(metrics::SparseTopKCategoricalAccuracy({.k = 2}), labels, broken),
                   0.75);
  EXPECT_EQ(error_of([] { metrics::TopKCategoricalAccuracy({.k = 0}); }),
            "k of TopKCategoricalAccuracy must be at least 1, got 0");
}

TEST(Accuracies, TheThresholdItselfIsZero) {
  const Tensor p({4, 1}, std::vector<float>{0.5F, 0.6F, 0.4F, 0.9F});
  const Tensor y({4}, std::vector<std::int32_t>{0, 1, 1, 0});
  EXPECT_DOUBLE_EQ(result_of(metrics::BinaryAccuracy(), y, p), 0.5);
  EXPECT_DOUBLE_EQ(result_of(metrics::BinaryAccuracy({.threshold = 0.35}), y, p), 0.5);
  EXPECT_DOUBLE_EQ(result_of(metrics::BinaryAccuracy({.threshold = 0.95}), y, p), 0.5);
}

TEST(Accuracies, AccuracyIsEquality) {
  const Tensor y({2, 2}, std::vector<float>{1, 2, 3, 4});
  const Tensor p({2, 2}, std::vector<float>{1, 2, 3, 5});
  EXPECT_DOUBLE_EQ(result_of(metrics::Accuracy(), y, p), 0.75);
}

// ---- errors

TEST(ErrorMetrics, AreAsInKeras) {
  const Tensor y({2, 3}, std::vector<float>{0, 1, 2, 3, 0.5F, -1});
  const Tensor p({2, 3}, std::vector<float>{0.1F, 1.5F, 1, 1, 0.5F, 2});
  EXPECT_NEAR(result_of(metrics::MeanSquaredError(), y, p), 2.3766668, 1e-6);
  EXPECT_NEAR(result_of(metrics::MeanAbsoluteError(), y, p), 1.1, 1e-6);
  EXPECT_NEAR(result_of(metrics::RootMeanSquaredError(), y, p), 1.5416442, 1e-6);
  const Tensor probabilities({2, 3}, std::vector<float>{0.7F, 0.2F, 0.1F, 0.1F, 0.6F, 0.3F});
  const Tensor classes({2}, std::vector<std::int32_t>{0, 2});
  EXPECT_NEAR(result_of(metrics::SparseCategoricalCrossentropy(), classes, probabilities),
              0.7803239, 1e-6);
}

// As in Keras: without weights what is ignored is 0 and counts, with them it does not.
TEST(ErrorMetrics, IgnoredLabelsAreNothing) {
  const MetricPtr metric =
      metrics::from("SparseCategoricalCrossentropy", {{"ignore_class", std::int64_t{0}}});
  const Tensor p({2, 2}, std::vector<float>{0.5F, 0.5F, 0.2F, 0.8F});
  const Tensor classes({2}, std::vector<std::int32_t>{0, 1});
  EXPECT_NEAR(result_of(metric, classes, p), -std::log(0.8) / 2.0, 1e-6);
  metric->reset();
  metric->update(classes, p, Tensor({2}, std::vector<float>{0.5F, 1.5F}), {});
  EXPECT_NEAR(metric->result(), -std::log(0.8), 1e-6);
}

// ---- sums over batches

TEST(Metrics, BatchesCountByTheirSize) {
  const MetricPtr metric = metrics::MeanAbsoluteError();
  EXPECT_EQ(metric->result(), 0.0);
  metric->update(Tensor({3, 1}), Tensor({3, 1}, std::vector<float>{1, 1, 1}), {}, {});
  metric->update(Tensor({1, 1}), Tensor({1, 1}, std::vector<float>{5}), {}, {});
  EXPECT_DOUBLE_EQ(metric->result(), 2.0);
  metric->reset();
  EXPECT_EQ(metric->result(), 0.0);
}

TEST(Metrics, WeightsAndMasks) {
  const Tensor y({2, 3, 1});
  const Tensor p({2, 3, 1}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const Tensor mask = mask_from("110/111");
  const Tensor by_sample({2}, std::vector<float>{1, 3});
  const Tensor by_step({2, 3}, std::vector<float>{1, 0, 1, 2, 0, 0});
  EXPECT_DOUBLE_EQ(result_of(metrics::MeanAbsoluteError(), y, p), 3.5);
  EXPECT_DOUBLE_EQ(result_of(metrics::MeanAbsoluteError(), y, p, {}, mask), 18.0 / 5);
  EXPECT_DOUBLE_EQ(result_of(metrics::MeanAbsoluteError(), y, p, by_sample), (6 + 3 * 15) / 12.0);
  EXPECT_DOUBLE_EQ(result_of(metrics::MeanAbsoluteError(), y, p, by_step, mask), 9.0 / 3);
}

// Sequences of different lengths in different batches: a sample counts 1.
TEST(Metrics, ASampleCountsOneWhateverItsLength) {
  const MetricPtr metric = metrics::MeanAbsoluteError();
  metric->update(Tensor({1, 4, 1}), Tensor({1, 4, 1}, std::vector<float>{1, 1, 1, 1}), {}, {});
  metric->update(Tensor({1, 1, 1}), Tensor({1, 1, 1}, std::vector<float>{3}), {}, {});
  EXPECT_DOUBLE_EQ(metric->result(), 2.0);
}

// ---- names

TEST(Metrics, AccuracyIsChosenByShapes) {
  const auto chosen = [](std::string_view name, const Shape& y_true, const Shape& y_pred) {
    return metrics::get(name, y_true, y_pred)->class_name();
  };
  EXPECT_EQ(chosen("accuracy", {8, 1}, {8, 1}), "BinaryAccuracy");
  EXPECT_EQ(chosen("acc", {8}, {8, 1}), "BinaryAccuracy");
  EXPECT_EQ(chosen("accuracy", {8}, {8, 10}), "SparseCategoricalAccuracy");
  EXPECT_EQ(chosen("accuracy", {8, 1}, {8, 10}), "SparseCategoricalAccuracy");
  EXPECT_EQ(chosen("Accuracy", {8, 10}, {8, 10}), "CategoricalAccuracy");
  EXPECT_EQ(chosen("ce", {8, 5}, {8, 5, 10}), "SparseCategoricalCrossentropy");
  EXPECT_EQ(chosen("crossentropy", {8, 10}, {8, 10}), "CategoricalCrossentropy");
}

TEST(Metrics, TheGivenNameIsTheKey) {
  EXPECT_EQ(metrics::get("acc", {8}, {8, 10})->name(), "acc");
  EXPECT_EQ(metrics::get("mse", {8}, {8, 1})->name(), "mse");
  EXPECT_EQ(metrics::MeanSquaredError()->name(), "mean_squared_error");
  EXPECT_EQ(metrics::MeanSquaredError({.name = "error"})->name(), "error");
  EXPECT_EQ(metrics::MeanSquaredError({.name = "error"})->fresh()->name(), "error");
  EXPECT_EQ(error_of([] { metrics::check_name("acuracy"); }).substr(0, 25),
            "unknown metric \"acuracy\":");
  metrics::check_name("ce");
}

TEST(Metrics, KnowTheirDirection) {
  EXPECT_EQ(metrics::BinaryAccuracy()->direction(), Direction::up);
  EXPECT_EQ(metrics::RootMeanSquaredError()->direction(), Direction::down);
}

// The settings without which a metric cannot be made.
std::vector<Setting> needed_settings(std::string_view class_name) {
  const bool counts_classes = class_name.ends_with("IoU") && class_name != "BinaryIoU";
  return counts_classes ? std::vector<Setting>{{"num_classes", std::int64_t{6}}}
                        : std::vector<Setting>{};
}

bool is_by_label(std::string_view class_name) {
  return class_name.starts_with("Sparse") || class_name == "Perplexity";
}

// Interrupted, saved and gone on with: the same bits.
TEST(Metrics, StateCarriesOn) {
  Tensor p = noise({40, 6}, 1);
  for (float& number : p.span<float>()) number = 0.5F + 0.5F * number;
  const Tensor ids = test::random_ids({40}, 6, 2);
  for (const std::string_view class_name : metrics::class_names()) {
    const Tensor y = is_by_label(class_name) ? ids : p;
    const MetricPtr whole = metrics::from(class_name, needed_settings(class_name));
    whole->update(y.rows(0, 25), p.rows(0, 25), {}, {});
    const MetricPtr second = whole->fresh();
    second->set_state(whole->state());
    EXPECT_EQ(second->result(), whole->result()) << class_name;
    for (const MetricPtr& metric : {whole, second}) {
      metric->update(y.rows(25, 40), p.rows(25, 40), {}, {});
    }
    EXPECT_EQ(second->result(), whole->result()) << class_name;
  }
  EXPECT_EQ(error_of([] { metrics::MeanSquaredError()->set_state({1.0}); }),
            "the state of metric \"mean_squared_error\" is 2 numbers, got 1");
}

TEST(Metrics, OfThePredictionsThemselves) {
  const Tensor values({3}, std::vector<float>{1, 3, 5});
  EXPECT_DOUBLE_EQ(result_of(metrics::Mean(), values, values), 3.0);
  EXPECT_DOUBLE_EQ(result_of(metrics::Sum(), values, values), 9.0);
  EXPECT_DOUBLE_EQ(
      result_of(metrics::Mean(), values, values, Tensor({3}, std::vector<float>{1, 0, 1})), 3.0);
}

TEST(Metrics, SettingsMakeTheSameMetricAgain) {
  for (const std::string_view class_name : metrics::class_names()) {
    std::vector<Setting> settings = needed_settings(class_name);
    settings.push_back({"name", std::string("mine")});
    const MetricPtr metric = metrics::from(class_name, settings);
    EXPECT_EQ(metric->class_name(), class_name);
    EXPECT_EQ(metric->name(), "mine");
    const MetricPtr again = metrics::from(metric->class_name(), metric->settings());
    EXPECT_EQ(again->settings().size(), metric->settings().size());
    EXPECT_EQ(again->name(), "mine");
    const MetricPtr fresh = metric->fresh();
    EXPECT_EQ(fresh->class_name(), class_name);
    EXPECT_EQ(fresh->result(), 0.0);
  }
  EXPECT_EQ(error_of([] {
              metrics::from("BinaryAccuracy", {{"treshold", 0.3}});
            }),
            "unknown setting of BinaryAccuracy \"treshold\": did you mean \"threshold\"?");
}

TEST(Metrics, RefuseTargetsThatDoNotFit) {
  EXPECT_EQ(error_of([] { result_of(metrics::CategoricalAccuracy(), labels, scores); }),
            "y has shape (4,), but categorical_accuracy compares it with predictions of shape "
            "(4, 3): give y the shape of the predictions");
}

TEST(Metrics, SameBitsForAnyNumberOfThreads) {
  Tensor p = noise({500, 40, 6}, 1);
  for (float& number : p.span<float>()) number = 0.5F + 0.5F * number;
  const Tensor ids = test::random_ids({500, 40}, 6, 2);
  const Tensor weights = noise({500}, 3);
  for (const std::string_view class_name : metrics::class_names()) {
    const bool by_label = is_by_label(class_name);
    const MetricPtr metric = metrics::from(class_name, needed_settings(class_name));
    const test::ThreadsForNow one(1);
    const double expected = result_of(metric, by_label ? ids : p, p, weights);
    const test::ThreadsForNow several(5);
    EXPECT_EQ(result_of(metric, by_label ? ids : p, p, weights), expected) << class_name;
  }
}

}  // namespace
}  // namespace chronicler
