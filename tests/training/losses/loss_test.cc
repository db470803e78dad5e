#include "chronicler/training/loss.h"

#include <cmath>
#include <limits>
#include <variant>

#include <gtest/gtest.h>

#include "chronicler/training/losses.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::error_of;
using test::mask_from;
using test::noise;

// The loss of one batch; its gradient too if asked.
double loss_of(const LossPtr& loss, const LossInput& input, Tensor* gradient = nullptr) {
  Arena arena;
  if (gradient != nullptr) *gradient = Tensor(input.y_pred.shape(), input.y_pred.dtype());
  return reduced_loss(*loss, input, gradient == nullptr ? TensorView() : gradient->view(), arena);
}

double loss_of(const LossPtr& loss, const Tensor& y_true, const Tensor& y_pred) {
  return loss_of(loss, {y_true, y_pred, {}, {}});
}

Tensor values_of(const LossPtr& loss, const Tensor& y_true, const Tensor& y_pred) {
  Tensor values(loss->values_shape(y_pred.shape()), y_pred.dtype());
  loss->values(y_true, y_pred, values, {});
  return values;
}

// ---- against Keras

const std::vector<float> regression_targets{0, 1, 2, 3, 0.5F, -1};
const std::vector<float> regression_predictions{0.1F, 1.5F, 1, 1, 0.5F, 2};
const std::vector<float> class_probabilities{0.7F, 0.2F, 0.1F, 0.1F, 0.6F, 0.3F};

TEST(Losses, RegressionIsAsInKeras) {
  const Tensor y({2, 3}, regression_targets);
  const Tensor p({2, 3}, regression_predictions);
  EXPECT_NEAR(loss_of(losses::MeanSquaredError(), y, p), 2.3766668, 1e-6);
  EXPECT_NEAR(loss_of(losses::MeanAbsoluteError(), y, p), 1.1, 1e-6);
  EXPECT_NEAR(loss_of(losses::MeanSquaredLogarithmicError(), y, p), 0.3184468, 1e-6);
  EXPECT_NEAR(loss_of(losses::Huber(), y, p), 0.7716667, 1e-6);
  EXPECT_NEAR(loss_of(losses::LogCosh(), y, p), 0.6988698, 1e-6);
  EXPECT_NEAR(loss_of(losses::CosineSimilarity(), y, p), -0.5186550, 1e-6);
  EXPECT_NEAR(loss_of(losses::Poisson(), y, p), 1.1223760, 1e-6);
}

// Worked out by hand.
TEST(Losses, Percentages) {
  const Tensor y({2, 2}, std::vector<float>{2, -4, 0, 1});
  const Tensor p({2, 2}, std::vector<float>{1, -5, 0.5F, 1});
  const Tensor values = values_of(losses::MeanAbsolutePercentageError(), y, p);
  EXPECT_NEAR(test::numbers(values)[0], 37.5, 1e-5);
  EXPECT_NEAR(test::numbers(values)[1], 100 * 0.5 / 1e-7 / 2, 100.0);  // a target of 0
}

TEST(Losses, KLDivergenceIsZeroForTheTargetsThemselves) {
  const Tensor y({2, 2}, std::vector<double>{0.25, 0.75, 0.5, 0.5});
  const Tensor p({2, 2}, std::vector<double>{0.5, 0.5, 0.25, 0.75});
  EXPECT_NEAR(loss_of(losses::KLDivergence(), y, y), 0.0, 1e-15);
  EXPECT_NEAR(loss_of(losses::KLDivergence(), y, p),
              (0.25 * std::log(0.5) + 0.75 * std::log(1.5) + 0.5 * std::log(2.0) +
               0.5 * std::log(2.0 / 3)) /
                  2,
              1e-12);
}

TEST(Losses, Margins) {
  const Tensor p({2, 2}, std::vector<float>{0.5F, -2, 0.25F, 3});
  const Tensor signs({2, 2}, std::vector<float>{1, -1, -1, 1});
  const Tensor bits({2, 2}, std::vector<float>{1, 0, 0, 1});
  EXPECT_NEAR(loss_of(losses::Hinge(), signs, p), (0.5 + 0 + 1.25 + 0) / 4, 1e-7);
  EXPECT_NEAR(loss_of(losses::Hinge(), bits, p), (0.5 + 0 + 1.25 + 0) / 4, 1e-7);
  EXPECT_NEAR(loss_of(losses::SquaredHinge(), bits, p), (0.25 + 1.5625) / 4, 1e-7);
  // Row 0: the best wrong one -2 against 0.5; row 1: 0.25 against 3.
  EXPECT_TRUE(close_to(values_of(losses::CategoricalHinge(), bits, p),
                       Tensor({2}, std::vector<float>{0.5F, 0}), 1e-6));
}

// Numbers of Keras 3.15.1.
TEST(Losses, OptionsAreAsInKeras) {
  const Tensor y({4, 3}, std::vector<float>{0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0});
  const Tensor p({4, 3}, std::vector<float>{0.2F, 0.7F, 0.6F, 0.55F, 0.45F, 0.3F,  //
                                            0.1F, 0.9F, 0.8F, 0.6F, 0.4F, 0.2F});
  EXPECT_NEAR(loss_of(losses::BinaryFocalCrossentropy({.apply_class_balancing = true}), y, p),
              0.1701752, 1e-6);
  EXPECT_NEAR(
      loss_of(losses::BinaryFocalCrossentropy({.from_logits = true, .label_smoothing = 0.1}), y, p),
      0.1999183, 1e-6);
  EXPECT_NEAR(
      loss_of(losses::CategoricalFocalCrossentropy({.gamma = 3.0, .label_smoothing = 0.1}), y, p),
      0.0986430, 1e-6);
  EXPECT_NEAR(loss_of(losses::CategoricalFocalCrossentropy({.from_logits = true}), y, p), 0.1584280,
              1e-6);
  EXPECT_NEAR(loss_of(losses::KLDivergence(), y, p), 0.9521839, 1e-6);
  EXPECT_NEAR(loss_of(losses::Hinge(), y, p), 0.9250000, 1e-6);
  EXPECT_NEAR(loss_of(losses::CategoricalHinge(), y, p), 0.7, 1e-6);
  EXPECT_NEAR(loss_of(losses::Huber({.delta = 0.4}), y, p), 0.0991667, 1e-6);
  EXPECT_NEAR(loss_of(losses::CosineSimilarity(), y, p), -0.7820470, 1e-6);
}

TEST(Losses, FocalCrossentropiesAreAsInKeras) {
  const Tensor one_hot({2, 3}, std::vector<float>{1, 0, 0, 0, 0, 1});
  const Tensor p({2, 3}, class_probabilities);
  EXPECT_NEAR(loss_of(losses::CategoricalFocalCrossentropy(), one_hot, p), 0.0777559, 1e-6);
  // By the definition: -ln(0.8) 0.2^2, -ln(0.7) 0.3^2; and times alpha or 1 - alpha.
  const Tensor y({2}, std::vector<double>{1, 0});
  const Tensor probability({2}, std::vector<double>{0.8, 0.3});
  EXPECT_NEAR(loss_of(losses::BinaryFocalCrossentropy(), y, probability),
              (-std::log(0.8) * 0.04 - std::log(0.7) * 0.09) / 2, 1e-9);
  EXPECT_NEAR(
      loss_of(losses::BinaryFocalCrossentropy({.apply_class_balancing = true}), y, probability),
      (-0.25 * std::log(0.8) * 0.04 - 0.75 * std::log(0.7) * 0.09) / 2, 1e-9);
  EXPECT_EQ(error_of([] { losses::BinaryFocalCrossentropy({.gamma = -1.0}); }),
            "gamma of BinaryFocalCrossentropy must be at least 0, got -1");
}

TEST(Losses, CategoricalCrossentropiesAreAsInKeras) {
  const Tensor one_hot({2, 3}, std::vector<float>{1, 0, 0, 0, 0, 1});
  const Tensor labels({2}, std::vector<std::int32_t>{0, 2});
  const Tensor p({2, 3}, class_probabilities);
  EXPECT_NEAR(loss_of(losses::CategoricalCrossentropy(), one_hot, p), 0.7803239, 1e-6);
  EXPECT_NEAR(loss_of(losses::SparseCategoricalCrossentropy(), labels, p), 0.7803239, 1e-6);
  EXPECT_NEAR(loss_of(losses::CategoricalCrossentropy({.label_smoothing = 0.1}), one_hot, p),
              0.8403929, 1e-6);
}

TEST(Losses, BinaryCrossentropyIsAsInKeras) {
  const Tensor y({3}, std::vector<float>{1, 0, 1});
  const Tensor p({3}, std::vector<float>{0.8F, 0.3F, 0.0F});
  EXPECT_TRUE(close_to(values_of(losses::BinaryCrossentropy(), y, p),
                       Tensor({3}, std::vector<float>{0.2231435F, 0.3566750F, 16.118095F}), 1e-5));
}

// ---- logits

TEST(Losses, LogitsGiveTheLossOfTheirProbabilities) {
  const Tensor z({2, 3}, std::vector<double>{1.0, -2.0, 0.5, 0.0, 3.0, -1.0});
  Tensor softmax({2, 3}, DType::float64);
  Tensor sigmoid({2, 3}, DType::float64);
  for (std::int64_t row = 0; row < 2; ++row) {
    double total = 0.0;
    for (std::int64_t i = 0; i < 3; ++i) total += std::exp(z.as<double>()[row * 3 + i]);
    for (std::int64_t i = row * 3; i < row * 3 + 3; ++i) {
      softmax.as<double>()[i] = std::exp(z.as<double>()[i]) / total;
      sigmoid.as<double>()[i] = 1.0 / (1.0 + std::exp(-z.as<double>()[i]));
    }
  }
  const Tensor one_hot({2, 3}, std::vector<double>{0, 1, 0, 1, 0, 0});
  const Tensor labels({2}, std::vector<std::int32_t>{1, 0});
  EXPECT_NEAR(loss_of(losses::CategoricalCrossentropy({.from_logits = true}), one_hot, z),
              loss_of(losses::CategoricalCrossentropy(), one_hot, softmax), 1e-12);
  EXPECT_NEAR(loss_of(losses::SparseCategoricalCrossentropy({.from_logits = true}), labels, z),
              loss_of(losses::SparseCategoricalCrossentropy(), labels, softmax), 1e-12);
  EXPECT_NEAR(loss_of(losses::BinaryCrossentropy({.from_logits = true}), one_hot, z),
              loss_of(losses::BinaryCrossentropy(), one_hot, sigmoid), 1e-12);
}

TEST(Losses, LargeLogitsDoNotOverflow) {
  const Tensor z({1, 2}, std::vector<float>{-1000.0F, 1000.0F});
  const Tensor wrong({1, 2}, std::vector<float>{1, 0});
  Tensor gradient;
  EXPECT_NEAR(loss_of(losses::CategoricalCrossentropy({.from_logits = true}), {wrong, z, {}, {}},
                      &gradient),
              2000.0, 1e-3);
  EXPECT_TRUE(close_to(gradient, Tensor({1, 2}, std::vector<float>{-1, 1}), 1e-6));
  EXPECT_NEAR(
      loss_of(losses::BinaryCrossentropy({.from_logits = true}), {wrong, z, {}, {}}, &gradient),
      1000.0, 1e-3);
  EXPECT_TRUE(close_to(gradient, Tensor({1, 2}, std::vector<float>{-0.5F, 0.5F}), 1e-6));
}

// ---- clipping and normalising

TEST(Losses, SparseClipsAndThenNormalises) {
  const Tensor p({1, 3}, std::vector<double>{0.0, 0.5, 1.5});
  const Tensor label({1}, std::vector<std::int32_t>{0});
  const double total = 1e-7 + 0.5 + (1.0 - 1e-7);
  EXPECT_NEAR(loss_of(losses::SparseCategoricalCrossentropy(), label, p), -std::log(1e-7 / total),
              1e-12);
}

TEST(Losses, CategoricalNormalisesAndThenClips) {
  const Tensor p({1, 3}, std::vector<double>{0.0, 0.5, 1.5});
  const Tensor y({1, 3}, std::vector<double>{1.0, 0.0, 2.0});
  EXPECT_NEAR(loss_of(losses::CategoricalCrossentropy(), y, p),
              -std::log(1e-7) - 2.0 * std::log(0.75), 1e-12);
}

TEST(Losses, NaNStaysNaN) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor p({1, 2}, std::vector<float>{nan, 0.5F});
  const Tensor y({1, 2}, std::vector<float>{0, 1});
  const Tensor label({1}, std::vector<std::int32_t>{1});
  EXPECT_TRUE(std::isnan(loss_of(losses::MeanSquaredError(), y, p)));
  EXPECT_TRUE(std::isnan(loss_of(losses::BinaryCrossentropy(), y, p)));
  EXPECT_TRUE(std::isnan(loss_of(losses::CategoricalCrossentropy(), y, p)));
  EXPECT_TRUE(std::isnan(loss_of(losses::SparseCategoricalCrossentropy(), label, p)));
}

// ---- reductions, weights and masks

class Reduced : public ::testing::Test {
 protected:
  // Values 1, 4, 9, 16 / 25, 36, 49, 64.
  Tensor y_true = Tensor({2, 4, 1});
  Tensor y_pred = test::ramp({2, 4, 1}, DType::float64);
  Tensor weights = Tensor({2, 4}, std::vector<float>{1, 2, 0, 1, 3, 1, 1, 1});
  Tensor sample_weights = Tensor({2}, std::vector<float>{2, 0.5F});
  Tensor mask = mask_from("1110/1100");

  void SetUp() override {
    for (double& number : y_pred.span<double>()) number += 1.0;
  }
  double reduced(const char* reduction, const TensorView& weight, const TensorView& masked) const {
    return loss_of(losses::MeanSquaredError({.reduction = reduction}),
                   {y_true, y_pred, weight, masked});
  }
};

TEST_F(Reduced, WithoutWeightsOrMask) {
  EXPECT_DOUBLE_EQ(reduced("sum", {}, {}), 204.0);
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", {}, {}), 204.0 / 8);
  EXPECT_DOUBLE_EQ(reduced("mean", {}, {}), 204.0 / 8);
  EXPECT_DOUBLE_EQ(reduced("mean_with_sample_weight", {}, {}), 204.0 / 8);
}

TEST_F(Reduced, WeightsStayOutOfTheDefaultDivisor) {
  const double sum = 1 + 8 + 16 + 75 + 36 + 49 + 64;
  EXPECT_DOUBLE_EQ(reduced("sum", weights, {}), sum);
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", weights, {}), sum / 8);
  EXPECT_DOUBLE_EQ(reduced("mean_with_sample_weight", weights, {}), sum / 10);
}

TEST_F(Reduced, MaskedStepsLeaveBothSums) {
  EXPECT_DOUBLE_EQ(reduced("sum", {}, mask), 75.0);
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", {}, mask), 75.0 / 5);
  EXPECT_DOUBLE_EQ(reduced("mean_with_sample_weight", {}, mask), 75.0 / 5);
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", weights, mask), (1 + 8 + 75 + 36) / 5.0);
  EXPECT_DOUBLE_EQ(reduced("mean_with_sample_weight", weights, mask), (1 + 8 + 75 + 36) / 7.0);
}

TEST_F(Reduced, SampleWeightsAreSpreadOverSteps) {
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", sample_weights, {}), (2 * 30 + 0.5 * 174) / 8.0);
  EXPECT_DOUBLE_EQ(reduced("sum_over_batch_size", sample_weights.reshaped({2, 1}), {}),
                   (2 * 30 + 0.5 * 174) / 8.0);
}

TEST_F(Reduced, NothingLeftIsZero) {
  const Tensor none = mask_from("0000/0000");
  const Tensor zero({2});
  EXPECT_EQ(reduced("sum_over_batch_size", {}, none), 0.0);
  EXPECT_EQ(reduced("mean_with_sample_weight", zero, {}), 0.0);
}

TEST_F(Reduced, WhatIsMaskedMayBeNaN) {
  y_pred.as<double>()[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_DOUBLE_EQ(reduced("sum", {}, mask), 75.0);
  Tensor gradient;
  loss_of(losses::MeanSquaredError(), {y_true, y_pred, {}, mask}, &gradient);
  EXPECT_EQ(gradient.as<double>()[3], 0.0);
  EXPECT_EQ(gradient.as<double>()[0], 2.0 / 5);
}

TEST_F(Reduced, RefusesWhatDoesNotFit) {
  const Tensor three({3});
  EXPECT_EQ(error_of([&] { reduced("sum", three, {}); }),
            "sample_weight of shape (3,) does not fit a loss of shape (2, 4): give one number for "
            "each sample, or one for each step");
  EXPECT_EQ(error_of([&] { reduced("none", {}, {}); }),
            "MeanSquaredError with reduction \"none\" gives no one number to learn from: use the "
            "reduction \"sum_over_batch_size\" or \"sum\"");
  EXPECT_EQ(error_of([&] { reduced("summ", {}, {}); }),
            "unknown reduction of MeanSquaredError \"summ\": did you mean \"sum\"?");
}

TEST(Losses, IgnoredLabelsLeaveBothSums) {
  const Tensor p({2, 3}, class_probabilities);
  const Tensor labels({2}, std::vector<std::int32_t>{0, -1});
  const LossPtr loss = losses::SparseCategoricalCrossentropy({.ignore_class = -1});
  loss->check(labels, p.shape(), "y");
  Tensor gradient;
  EXPECT_NEAR(loss_of(loss, {labels, p, {}, {}}, &gradient), -std::log(0.7), 1e-6);
  for (int i = 3; i < 6; ++i) EXPECT_EQ(gradient.as<float>()[i], 0.0F);
  EXPECT_NE(gradient.as<float>()[0], 0.0F);
}

// ---- ranks that differ by a trailing 1

TEST(Losses, ATrailingOneIsSqueezed) {
  const Tensor y({4}, std::vector<float>{0, 1, 2, 3});
  const Tensor p = noise({4, 1}, 1);
  const double expected = loss_of(losses::MeanSquaredError(), y.reshaped({4, 1}), p);
  EXPECT_EQ(loss_of(losses::MeanSquaredError(), y, p), expected);
  EXPECT_EQ(loss_of(losses::MeanSquaredError(), y.reshaped({4, 1}), p.reshaped({4})), expected);
  const Tensor labels({2, 1}, std::vector<std::int32_t>{0, 2});
  EXPECT_EQ(
      loss_of(losses::SparseCategoricalCrossentropy(), labels, Tensor({2, 3}, class_probabilities)),
      loss_of(losses::SparseCategoricalCrossentropy(), labels.reshaped({2}),
              Tensor({2, 3}, class_probabilities)));
}

TEST(Losses, TargetsMayBeOfAnyNumberType) {
  const Tensor y({2, 3}, std::vector<std::int32_t>{1, 0, 0, 0, 0, 1});
  const Tensor p({2, 3}, class_probabilities);
  for (const char* name : {"mse", "mae", "binary_crossentropy", "categorical_crossentropy"}) {
    const double expected = loss_of(losses::get(name), y, p);
    EXPECT_EQ(loss_of(losses::get(name), y.to(DType::float32), p), expected) << name;
    EXPECT_EQ(loss_of(losses::get(name), y.to(DType::float64), p), expected) << name;
    EXPECT_EQ(loss_of(losses::get(name), y.to(DType::boolean), p), expected) << name;
  }
}

// ---- checks before training

std::string check_error(const LossPtr& loss, const Tensor& y, const Shape& y_pred) {
  return error_of([&] { loss->check(y, y_pred, "y"); });
}

TEST(LossChecks, Shapes) {
  EXPECT_EQ(check_error(losses::MeanSquaredError(), Tensor({8, 2}), {8, 3}),
            "y has shape (8, 2), but mean_squared_error compares it with predictions of shape "
            "(8, 3): give y the shape of the predictions");
  EXPECT_EQ(check_error(losses::MeanSquaredError(), Tensor({8, 2}), {8, 5, 2}),
            "y has shape (8, 2), but mean_squared_error compares it with predictions of shape "
            "(8, 5, 2): for one target a sequence set return_sequences=false on the last recurrent "
            "layer");
}

TEST(LossChecks, Labels) {
  std::vector<std::int32_t> labels(12, 3);
  labels[7] = 12;
  EXPECT_EQ(check_error(losses::SparseCategoricalCrossentropy(), Tensor({12}, labels), {12, 10}),
            "label 12 at row 7 of y is outside 0..9: give the last layer 13 units, or number the "
            "classes from 0");
  EXPECT_EQ(
      check_error(losses::SparseCategoricalCrossentropy(), Tensor({4, 3}, labels), {4, 3, 10}),
      "label 12 at row 2, step 1 of y is outside 0..9: give the last layer 13 units, or number "
      "the classes from 0");
  labels[7] = -1;
  EXPECT_EQ(check_error(losses::SparseCategoricalCrossentropy(), Tensor({12}, labels), {12, 10}),
            "label -1 at row 7 of y is outside 0..9: labels start at 0; one that does not count is "
            "named by ignore_class");
  EXPECT_EQ(check_error(losses::SparseCategoricalCrossentropy(),
                        Tensor({2}, std::vector<float>{1.0F, 0.25F}), {2, 10}),
            "label 0.25 at row 1 of y is not a whole number: for targets that are probabilities "
            "use \"categorical_crossentropy\"");
}

TEST(LossChecks, OneHotAndLabelsAreToldApart) {
  EXPECT_EQ(check_error(losses::SparseCategoricalCrossentropy(), Tensor({8, 10}), {8, 10}),
            "y has shape (8, 10), but sparse_categorical_crossentropy needs labels of shape (8,) "
            "for predictions of (8, 10): for one-hot targets use the loss "
            "\"categorical_crossentropy\"");
  for (const Shape& shape : {Shape{8}, Shape{8, 1}}) {
    const std::string error =
        check_error(losses::CategoricalCrossentropy(), Tensor(shape), {8, 10});
    EXPECT_TRUE(error.ends_with(
        ": for whole-number labels use the loss \"sparse_categorical_crossentropy\""))
        << error;
  }
}

TEST(LossChecks, OneClassIsNone) {
  EXPECT_EQ(check_error(losses::CategoricalCrossentropy(), Tensor({8, 1}), {8, 1}),
            "categorical_crossentropy needs predictions of two classes or more, got shape (8, 1): "
            "for a single probability use \"binary_crossentropy\"");
}

TEST(LossChecks, Probabilities) {
  EXPECT_EQ(check_error(losses::BinaryCrossentropy(),
                        Tensor({3, 1}, std::vector<std::int32_t>{0, 1, 2}), {3, 1}),
            "y holds 2 at row 2, column 0, but binary_crossentropy needs targets from 0 to 1: for "
            "numbers that are not probabilities use \"mean_squared_error\"");
  EXPECT_EQ(check_error(losses::CategoricalCrossentropy(),
                        Tensor({1, 2}, std::vector<float>{-1, 2}), {1, 2}),
            "y holds -1 at row 0, column 0, but categorical_crossentropy needs targets of at least "
            "0: for numbers that are not probabilities use \"mean_squared_error\"");
}

// A label that was not checked must not be read beyond the row.
TEST(LossChecks, ValuesLookAtLabelsToo) {
  const Tensor labels({1}, std::vector<std::int32_t>{3});
  EXPECT_TRUE(error_of([&] {
                loss_of(losses::SparseCategoricalCrossentropy(), labels,
                        Tensor({1, 3}, std::vector<float>{0.2F, 0.3F, 0.5F}));
              }).starts_with("label 3 at row 0 of y is outside 0..2"));
  const Tensor y({1, 2});
  EXPECT_TRUE(error_of([&] {
                loss_of(losses::MeanSquaredError(), y, Tensor({1, 3}));
              }).starts_with("y has shape (1, 2), but"));
}

}  // namespace
}  // namespace chronicler
