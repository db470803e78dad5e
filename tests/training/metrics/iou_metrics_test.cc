#include "chronicler/training/metrics/iou_metrics.h"

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "training/metrics/metric_data.h"

namespace chronicler {
namespace {

using namespace test::metric_data;  // NOLINT(google-build-using-namespace): a few tensors
using test::error_of;

Tensor one_hot(const Tensor& ids, float low, float high) {
  Tensor rows({ids.size(), 3});
  rows.fill(static_cast<double>(low));
  for (std::int64_t i = 0; i < ids.size(); ++i) {
    rows.as<float>()[i * 3 + ids.as<std::int32_t>()[i]] = high;
  }
  return rows;
}

TEST(Iou, IsAsInKeras) {
  EXPECT_NEAR(result_of(metrics::MeanIoU({.num_classes = 3}), classes, class_guesses), 0.5555556,
              1e-6);
  EXPECT_NEAR(result_of(metrics::MeanIoU({.num_classes = 4}), classes, class_guesses), 0.5555556,
              1e-6);  // a class that is not there does not count
  EXPECT_NEAR(result_of(metrics::IoU({.num_classes = 3, .target_class_ids = {0, 2}}), classes,
                        class_guesses),
              0.5, 1e-6);
  EXPECT_NEAR(
      result_of(metrics::MeanIoU({.num_classes = 3, .ignore_class = 1}), classes, class_guesses),
      0.3333333, 1e-6);
  EXPECT_NEAR(result_of(metrics::BinaryIoU({.threshold = 0.35}), bits, chances), 0.4666667, 1e-6);
  EXPECT_NEAR(result_of(metrics::BinaryIoU({.target_class_ids = {1}}), bits, chances), 0.5, 1e-6);
}

TEST(Iou, OneHot) {
  const Tensor y = one_hot(classes, 0.0F, 1.0F);
  const Tensor p = one_hot(class_guesses, 0.2F, 0.7F);
  EXPECT_NEAR(result_of(metrics::OneHotMeanIoU({.num_classes = 3}), y, p), 0.5555556, 1e-6);
  EXPECT_NEAR(result_of(metrics::OneHotIoU({.num_classes = 3, .target_class_ids = {1, 2}}), y, p),
              0.5, 1e-6);
  EXPECT_NEAR(result_of(metrics::MeanIoU({.num_classes = 3, .sparse_y_pred = false}), classes, p),
              0.5555556, 1e-6);
}

TEST(Iou, RefusesWhatItCannotCount) {
  EXPECT_EQ(error_of([] { metrics::MeanIoU({}); }),
            "num_classes of MeanIoU must be at least 1, got 0");
  EXPECT_EQ(
      error_of([] { result_of(metrics::MeanIoU({.num_classes = 2}), classes, class_guesses); }),
      "y of mean_io_u hold the class 2, which is outside 0..1: num_classes says how many "
      "there are; ignore_class names one that does not count");
  EXPECT_EQ(error_of([] { metrics::IoU({.num_classes = 2, .target_class_ids = {2}}); }),
            "target_class_ids of IoU hold 2, which is none of the 2 classes");
  EXPECT_TRUE(error_of([] {
                result_of(metrics::MeanIoU({.num_classes = 3}), classes, tag_chances);
              }).starts_with("y has shape (7,), but mean_io_u compares it"));
}

}  // namespace
}  // namespace chronicler
