// What holds for every loss there is.
#include "training/losses/loss_catalog.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "chronicler/training/losses.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::mask_from;
using test::noise;
using test::same_bits;
using test::ThreadsForNow;

const Shape shape{3, 4, 5};

// A loss with options worth trying, and data that it can be asked about.
struct LossCase {
  std::string name;
  std::string class_name;
  std::vector<Setting> settings;
  Tensor y_true;
  Tensor y_pred;
  bool of_sequences = false;  // one value for each sequence: its weights and masks are others
};

Tensor probabilities(std::uint64_t seed) {
  Tensor p = noise(shape, seed, DType::float64);
  for (double& number : p.span<double>()) number = 0.5 + 0.45 * number;
  return p;
}

std::vector<LossCase> cases() {
  const Tensor any = noise(shape, 1, DType::float64);
  const Tensor soft = probabilities(2);
  const Tensor labels = test::random_ids({3, 4}, 5, 3);
  const Tensor scores = noise(shape, 4, DType::float64);
  const Tensor p = probabilities(5);
  Tensor gaps = labels.clone();
  gaps.as<std::int32_t>()[2] = -1;
  gaps.as<std::int32_t>()[9] = -1;
  const Tensor bits = test::random_ids(shape, 2, 7);
  const Tensor symbols({3, 2}, std::vector<std::int32_t>{1, 3, 2, 0, 4, 4});
  const Tensor symbols_before_last({3, 2}, std::vector<std::int32_t>{0, 3, 2, 4, 1, -1});
  const Setting logits{"from_logits", true};
  const Setting smoothing{"label_smoothing", 0.2};
  return {
      {"MSE", "MeanSquaredError", {}, any, scores},
      {"MAE", "MeanAbsoluteError", {}, any, scores},
      {"BCE", "BinaryCrossentropy", {}, soft, p},
      {"BCE smooth", "BinaryCrossentropy", {smoothing}, soft, p},
      {"BCE logits", "BinaryCrossentropy", {logits, smoothing}, soft, scores},
      {"CCE", "CategoricalCrossentropy", {}, soft, p},
      {"CCE smooth", "CategoricalCrossentropy", {smoothing}, soft, p},
      {"CCE logits", "CategoricalCrossentropy", {logits, smoothing}, soft, scores},
      {"SCCE", "SparseCategoricalCrossentropy", {}, labels, p},
      {"SCCE logits", "SparseCategoricalCrossentropy", {logits}, labels, scores},
      {"SCCE ignore",
       "SparseCategoricalCrossentropy",
       {{"ignore_class", std::int64_t{-1}}},
       gaps,
       p},
      {"MAPE", "MeanAbsolutePercentageError", {}, any, scores},
      {"MSLE", "MeanSquaredLogarithmicError", {}, soft, p},
      {"Huber", "Huber", {}, any, scores},
      {"Huber near", "Huber", {{"delta", 0.3}}, any, scores},
      {"LogCosh", "LogCosh", {}, any, scores},
      {"Poisson", "Poisson", {}, soft, p},
      {"KLD", "KLDivergence", {}, soft, p},
      {"Cosine", "CosineSimilarity", {}, any, scores},
      {"Hinge", "Hinge", {}, any, scores},
      {"Hinge bits", "Hinge", {}, bits, scores},
      {"SquaredHinge", "SquaredHinge", {}, any, scores},
      {"CategoricalHinge", "CategoricalHinge", {}, bits, scores},
      {"BFCE", "BinaryFocalCrossentropy", {}, soft, p},
      {"BFCE balanced",
       "BinaryFocalCrossentropy",
       {{"apply_class_balancing", true}, {"alpha", 0.4}, {"gamma", 1.5}, smoothing},
       soft,
       p},
      {"BFCE logits", "BinaryFocalCrossentropy", {logits}, bits, scores},
      {"CFCE", "CategoricalFocalCrossentropy", {}, soft, p},
      {"CFCE smooth", "CategoricalFocalCrossentropy", {{"gamma", 3.0}, smoothing}, soft, p},
      {"CFCE logits", "CategoricalFocalCrossentropy", {logits}, soft, scores},
      {"CTC", "CTC", {}, symbols, scores, true},
      {"CTC last", "CTC", {{"blank", std::int64_t{-1}}}, symbols_before_last, scores, true},
      {"CTC all", "CTC", {{"input_length", std::string("all")}}, symbols, scores, true},
  };
}

double loss_of(const Loss& loss, const LossInput& input, TensorView gradient = {}) {
  Arena arena;
  return reduced_loss(loss, input, gradient, arena);
}

// The largest difference between the gradient and central differences, relative to its largest
// element.
double gradient_error(const Loss& loss, const LossInput& input, double step) {
  const Tensor gradient(input.y_pred.shape(), DType::float64);
  loss_of(loss, input, gradient);
  const Tensor moved = own(input.y_pred);
  LossInput at = input;
  at.y_pred = moved;
  double largest = 1e-30;
  double error = 0.0;
  for (std::int64_t i = 0; i < moved.size(); ++i) {
    double& number = moved.as<double>()[i];
    const double before = number;
    number = before + step;
    const double above = loss_of(loss, at);
    number = before - step;
    const double below = loss_of(loss, at);
    number = before;
    const double slope = gradient.as<double>()[i];
    largest = std::max(largest, std::abs(slope));
    error = std::max(error, std::abs(slope - (above - below) / (2.0 * step)));
  }
  return error / largest;
}

TEST(LossCatalog, EveryLossHasACase) {
  std::map<std::string_view, int> counts;
  const std::vector<LossCase> all = cases();
  for (const LossCase& one : all) ++counts[one.class_name];
  for (const std::string_view name : losses::class_names()) {
    EXPECT_GT(counts[name], 0) << name << ": add it to cases()";
  }
}

TEST(LossCatalog, GradientsAreDerivatives) {
  const Tensor by_sample({3}, std::vector<float>{0.5F, 2.0F, 0.0F});
  const Tensor by_step = noise({3, 4}, 6);
  const Tensor gaps = mask_from("1101/0011/1111");
  for (const LossCase& one : cases()) {
    for (const char* reduction :
         {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"}) {
      std::vector<Setting> settings = one.settings;
      settings.push_back({"reduction", std::string(reduction)});
      const LossPtr loss = losses::from(one.class_name, settings);
      for (const TensorView& weight : {TensorView(), by_sample.view(), by_step.view()}) {
        if (one.of_sequences && weight && weight.shape() != Shape{3}) continue;
        for (const TensorView& mask : {TensorView(), gaps.view()}) {
          if (one.of_sequences && mask && !loss->takes_mask()) continue;
          EXPECT_LT(gradient_error(*loss, {one.y_true, one.y_pred, weight, mask}, 1e-5), 1e-6)
              << one.name << ", " << reduction << ", weights " << weight.shape().to_string()
              << (mask ? ", masked" : "");
        }
      }
    }
  }
}

// Predictions that are clipped, and rows that do not sum to 1.
TEST(LossCatalog, GradientsGoThroughClipping) {
  const Tensor p({2, 3}, std::vector<double>{3e-8, 0.4, 0.9, 0.99999996, 5e-8, 0.3});
  const Tensor soft({2, 3}, std::vector<double>{0.3, 0.3, 0.4, 0.5, 0.2, 0.3});
  const Tensor labels({2}, std::vector<std::int32_t>{0, 1});
  for (const char* name :
       {"binary_crossentropy", "categorical_crossentropy", "binary_focal_crossentropy",
        "categorical_focal_crossentropy", "kl_divergence", "mean_squared_logarithmic_error"}) {
    EXPECT_LT(gradient_error(*losses::get(name), {soft, p, {}, {}}, 1e-9), 1e-5) << name;
  }
  EXPECT_LT(
      gradient_error(*losses::get("sparse_categorical_crossentropy"), {labels, p, {}, {}}, 1e-9),
      1e-5);
}

TEST(LossCatalog, FloatIsCloseToDouble) {
  for (const LossCase& one : cases()) {
    const LossPtr loss = losses::from(one.class_name, one.settings);
    const Tensor narrow = one.y_pred.to(DType::float32);
    const Tensor gradient(shape, DType::float64);
    const Tensor narrow_gradient(shape, DType::float32);
    const double expected = loss_of(*loss, {one.y_true, one.y_pred, {}, {}}, gradient);
    EXPECT_NEAR(loss_of(*loss, {one.y_true, narrow, {}, {}}, narrow_gradient), expected,
                1e-6 * std::max(1.0, std::abs(expected)))
        << one.name;
    double largest = 1.0;
    for (const double slope : gradient.span<double>()) largest = std::max(largest, std::abs(slope));
    EXPECT_TRUE(test::close_to(narrow_gradient.to(DType::float64), gradient, 1e-6 * largest))
        << one.name;
  }
}

TEST(LossCatalog, SameBitsForAnyNumberOfThreads) {
  const Tensor p = noise({300, 20, 7}, 8);
  for (float& number : p.span<float>()) number = 0.5F + 0.45F * number;
  const Tensor labels = test::random_ids({300, 20}, 7, 9);
  Tensor symbols = test::random_ids({300, 8}, 6, 9);
  for (std::int32_t& symbol : symbols.span<std::int32_t>()) ++symbol;
  for (const std::string_view name : losses::class_names()) {
    const bool sparse = name == "SparseCategoricalCrossentropy";
    const LossInput input{sparse          ? labels.view()
                          : name == "CTC" ? symbols.view()
                                          : p.view(),
                          p,
                          {},
                          {}};
    const Tensor expected({300, 20, 7});
    const ThreadsForNow one(1);
    const double loss = loss_of(*losses::get(name), input, expected);
    for (const int threads : {2, 5}) {
      const ThreadsForNow several(threads);
      const Tensor gradient({300, 20, 7});
      EXPECT_EQ(loss_of(*losses::get(name), input, gradient), loss) << name;
      EXPECT_TRUE(same_bits(gradient, expected)) << name;
    }
  }
}

// ---- names and settings

TEST(LossCatalog, SettingsMakeTheSameLossAgain) {
  for (const LossCase& one : cases()) {
    std::vector<Setting> given = one.settings;
    given.push_back({"reduction", std::string("sum")});
    given.push_back({"name", std::string("mine")});
    const LossPtr loss = losses::from(one.class_name, given);
    EXPECT_EQ(loss->name(), "mine");
    EXPECT_EQ(loss->reduction(), Reduction::sum);
    const LossPtr again = losses::from(loss->class_name(), loss->settings());
    EXPECT_EQ(again->class_name(), one.class_name);
    ASSERT_EQ(again->settings().size(), loss->settings().size());
    for (std::size_t i = 0; i < loss->settings().size(); ++i) {
      EXPECT_EQ(again->settings()[i].name, loss->settings()[i].name);
      EXPECT_EQ(again->settings()[i].value, loss->settings()[i].value) << one.name;
    }
  }
}

TEST(LossCatalog, NamesOfKeras) {
  for (const char* name : {"mse", "MSE", "mean_squared_error", "MeanSquaredError"}) {
    EXPECT_EQ(losses::get(name)->class_name(), "MeanSquaredError");
    EXPECT_EQ(losses::get(name)->name(), "mean_squared_error");
  }
  EXPECT_EQ(losses::get("mae")->class_name(), "MeanAbsoluteError");
  EXPECT_EQ(losses::get("bce")->class_name(), "BinaryCrossentropy");
  EXPECT_EQ(losses::get("mape")->class_name(), "MeanAbsolutePercentageError");
  EXPECT_EQ(losses::get("MSLE")->class_name(), "MeanSquaredLogarithmicError");
  EXPECT_EQ(losses::get("kld")->class_name(), "KLDivergence");
  EXPECT_EQ(losses::get("huber")->name(), "huber_loss");
  EXPECT_EQ(losses::get("ctc")->class_name(), "CTC");
  EXPECT_EQ(error_of([] { losses::get("binary_crossentropi"); }),
            "unknown loss \"binary_crossentropi\": did you mean \"binary_crossentropy\" or "
            "\"binary_focal_crossentropy\"?");
}

TEST(LossCatalog, SettingsThatAreRefused) {
  EXPECT_EQ(error_of([] {
              losses::from("BinaryCrossentropy", {{"from_logit", true}});
            }),
            "unknown setting of BinaryCrossentropy \"from_logit\": did you mean \"from_logits\"?");
  EXPECT_EQ(error_of([] {
              losses::from("BinaryCrossentropy", {{"axis", std::int64_t{1}}});
            }),
            "axis of BinaryCrossentropy must be -1, got 1");
  EXPECT_EQ(error_of([] { losses::BinaryCrossentropy({.label_smoothing = 1.5}); }),
            "label_smoothing of BinaryCrossentropy must be from 0 to 1, got 1.5");
}

TEST(LossCatalog, NoReductionIsNone) {
  EXPECT_EQ(losses::from("MeanSquaredError", {{"reduction", {}}})->reduction(), Reduction::none);
}

}  // namespace
}  // namespace chronicler
