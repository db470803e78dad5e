#include "chronicler/training/losses/ctc.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/formats/npy.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "support/conformance.h"
#include "support/source_dir.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::numbers;

Tensor labels(const Shape& shape, const std::vector<std::int32_t>& values) {
  return {shape, values};
}

std::vector<double> values_of(const LossPtr& loss, const Tensor& y_true, const Tensor& y_pred,
                              const TensorView& mask = {}) {
  const Tensor values(loss->values_shape(y_pred.shape()), y_pred.dtype());
  loss->masked_values(y_true, y_pred, mask, values, {});
  return numbers(values);
}

// Whether a path, one class for each step, spells the labels: repeats merged, blanks dropped.
bool spells(const std::vector<std::int64_t>& path, const std::vector<std::int64_t>& expected,
            std::int64_t blank) {
  std::vector<std::int64_t> spelt;
  for (std::size_t t = 0; t < path.size(); ++t) {
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) spelt.push_back(path[t]);
  }
  return spelt == expected;
}

// The loss of one row by its definition: over all paths there are.
double enumerated(const Tensor& logits, const std::vector<std::int64_t>& expected,
                  std::int64_t blank) {
  const std::int64_t steps = logits.shape()[1];
  const std::int64_t classes = logits.shape()[2];
  std::int64_t count = 1;
  for (std::int64_t t = 0; t < steps; ++t) count *= classes;
  double probability = 0.0;
  for (std::int64_t number = 0; number < count; ++number) {
    std::vector<std::int64_t> path;
    double own = 1.0;
    std::int64_t rest = number;
    for (std::int64_t t = 0; t < steps; ++t, rest /= classes) {
      const double* z = logits.as<double>() + t * classes;
      double total = 0.0;
      for (std::int64_t k = 0; k < classes; ++k) total += std::exp(z[k]);
      path.push_back(rest % classes);
      own *= std::exp(z[path.back()]) / total;
    }
    if (spells(path, expected, blank)) probability += own;
  }
  return -std::log(probability);
}

TEST(Ctc, IsAsInKeras) {
  Tensor logits({2, 7, 4});
  for (std::int64_t i = 0; i < logits.size(); ++i) {
    logits.as<float>()[i] = static_cast<float>(i % 5);
  }
  const std::vector<double> values =
      values_of(losses::CTC(), labels({2, 3}, {1, 2, 0, 2, 2, 1}), logits);
  EXPECT_NEAR(values[0], 6.114052, 1e-5);
  EXPECT_NEAR(values[1], 7.7677436, 1e-5);
}

// tests/golden/speech/make_speech.py: values and gradients, lengths from the mask.
TEST(Ctc, IsAsInPyTorch) {
  const auto golden = [](const std::string& name) {
    return load_npy((test::source_dir() / "tests/golden/speech" / (name + ".npy")).string());
  };
  const Tensor x = golden("ctc_x");
  const Tensor lengths = golden("ctc_lengths");
  const Tensor mask({4, 12}, DType::boolean);
  for (std::int64_t row = 0; row < 4; ++row)
    std::fill_n(mask.as<std::uint8_t>() + row * 12, lengths.as<std::int32_t>()[row], 1);
  const Tensor values({4}, DType::float64);
  const Tensor gradient(x.shape(), DType::float64);
  losses::CTC()->masked_values(golden("ctc_labels"), x, mask, values, gradient);
  EXPECT_TRUE(test::close_to(values, golden("ctc_loss"), 1e-10));
  EXPECT_TRUE(test::close_to(gradient, golden("ctc_gradient"), 1e-10));
}

TEST(Ctc, IsTheSumOverAllPaths) {
  const std::vector<std::vector<std::int64_t>> rows{{},        {1},       {1, 1},   {1, 2},
                                                    {2, 2, 1}, {1, 2, 1}, {2, 2, 2}};
  for (const std::int64_t steps : {3, 5, 6}) {
    const Tensor logits = test::scaled(noise({1, steps, 3}, 7, DType::float64), 3.0);
    for (const auto& row : rows) {
      std::vector<std::int32_t> padded(4, 0);
      std::copy(row.begin(), row.end(), padded.begin());
      std::int64_t least = static_cast<std::int64_t>(row.size());
      for (std::size_t i = 1; i < row.size(); ++i) least += row[i] == row[i - 1] ? 1 : 0;
      if (steps < least) continue;
      EXPECT_NEAR(values_of(losses::CTC(), labels({1, 4}, padded), logits)[0],
                  enumerated(logits, row, 0), 1e-12)
          << steps << " steps, " << row.size() << " labels";
    }
  }
}

TEST(Ctc, AnyClassMayBeTheBlank) {
  const Tensor logits = noise({1, 4, 3}, 3, DType::float64);
  for (const std::int64_t blank : {2, -1}) {
    EXPECT_NEAR(values_of(losses::CTC({.blank = blank}), labels({1, 3}, {0, 1, 2}), logits)[0],
                enumerated(logits, {0, 1}, 2), 1e-12);
  }
  EXPECT_NEAR(values_of(losses::CTC({.blank = 1}), labels({1, 3}, {0, 2, -1}), logits)[0],
              enumerated(logits, {0, 2}, 1), 1e-12);
}

// Steps that the mask leaves out are not there, wherever they are.
TEST(Ctc, TheMaskGivesTheLength) {
  const Tensor logits = noise({3, 6, 4}, 5, DType::float64);
  const Tensor y = labels({3, 2}, {1, 2, 3, 0, 2, 2});
  const Tensor mask = test::mask_from("111100/001111/101101");
  const std::vector<std::vector<std::int64_t>> steps{{0, 1, 2, 3}, {2, 3, 4, 5}, {0, 2, 3, 5}};
  const std::vector<double> values = values_of(losses::CTC(), y, logits, mask);
  for (std::int64_t row = 0; row < 3; ++row) {
    Tensor alone({1, 4, 4}, DType::float64);
    for (std::int64_t t = 0; t < 4; ++t) {
      const std::int64_t from = steps[static_cast<std::size_t>(row)][static_cast<std::size_t>(t)];
      std::copy_n(logits.as<double>() + (row * 6 + from) * 4, 4, alone.as<double>() + t * 4);
    }
    EXPECT_EQ(values[static_cast<std::size_t>(row)],
              values_of(losses::CTC(), y.rows(row, row + 1), alone)[0]);
  }
  EXPECT_FALSE(losses::CTC({.input_length = "all"})->takes_mask());
}

TEST(Ctc, TheGradientIsZeroWhereNoStepCounts) {
  const Tensor logits = noise({1, 4, 3}, 5, DType::float64);
  const Tensor gradient({1, 4, 3}, DType::float64);
  const Tensor values({1}, DType::float64);
  losses::CTC()->masked_values(labels({1, 1}, {1}), logits, test::mask_from("1101"), values,
                               gradient);
  for (std::int64_t k = 0; k < 3; ++k) EXPECT_EQ(gradient.as<double>()[2 * 3 + k], 0.0);
  EXPECT_NE(gradient.as<double>()[3 * 3], 0.0);
}

// From the layers through the trainer.
TEST(Ctc, AModelIsTrainedUnderItsMask) {
  set_random_seed(1);
  Sequential model({layers::Masking({.mask_value = 0.0, .input_shape = {None, 2}}),
                    layers::GRU({.units = 8, .return_sequences = true}),
                    layers::Dense({.units = 4})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.05}), .loss = losses::CTC()});
  Tensor x = noise({3, 6, 2}, 2);
  for (std::int64_t row = 0; row < 3; ++row) {  // two steps less for each row
    for (std::int64_t i = (6 - row * 2) * 2; i < 12; ++i) x.as<float>()[row * 12 + i] = 0.0F;
  }
  const Tensor y = labels({3, 3}, {1, 2, 3, 2, 2, 0, 3, 0, 0});
  const Tensor mask = test::mask_from("111111/111100/110000");
  const std::vector<double> values = values_of(losses::CTC(), y, model.predict(x), mask);
  EXPECT_NEAR(model.evaluate(x, y, {.verbose = 0}).loss(), (values[0] + values[1] + values[2]) / 3,
              1e-5);
  model.fit(x, y, {.epochs = 150, .verbose = 0});
  EXPECT_LT(model.evaluate(x, y, {.verbose = 0}).loss(), 0.2);
}

// Long rows and certain scores: nothing under- or overflows.
TEST(Ctc, StaysInLogarithms) {
  const Tensor logits = test::scaled(noise({1, 2000, 30}, 9, DType::float32), 200.0);
  Tensor y = test::random_ids({1, 300}, 29, 4);
  for (std::int32_t& label : y.span<std::int32_t>()) ++label;
  const Tensor gradient({1, 2000, 30});
  const Tensor values({1});
  losses::CTC()->values(y, logits, values, gradient);
  EXPECT_TRUE(std::isfinite(numbers(values)[0]));
  for (const double slope : numbers(gradient)) ASSERT_TRUE(std::isfinite(slope));
}

TEST(Ctc, RefusesWhatCannotBe) {
  const LossPtr ctc = losses::CTC();
  EXPECT_EQ(error_of([&] {
              ctc->check(labels({2, 3}, {1, 2, 0, 1, 1, 2}), {2, 3, 4}, "y");
            }),
            "row 1 of y has 3 labels, 1 of them repeated, which need 4 steps, but its prediction "
            "has 3: leave such rows out, or let the layers before keep more steps");
  EXPECT_EQ(error_of([&] {
              ctc->check(labels({1, 3}, {1, 0, 2}), {1, 9, 4}, "y");
            }),
            "row 0 of y has the label 2 after padding: 0 is the blank and the padding: labels come "
            "first");
  EXPECT_EQ(error_of([&] {
              ctc->check(labels({1, 2}, {1, 4}), {1, 9, 4}, "y");
            }),
            "label 4 at row 0, step 1 of y is outside 0..3: give the last layer 5 units, or number "
            "the classes from 0");
  EXPECT_EQ(
      error_of([&] {
        ctc->check(labels({2}, {1, 2}), {2, 9, 4}, "y");
      }),
      "y has shape (2,), but ctc needs labels of shape (2, labels): pad shorter rows with the "
      "blank");
  EXPECT_EQ(error_of([&] {
              ctc->check(labels({2, 1}, {1, 2}), {2, 4}, "y");
            }),
            "ctc needs predictions of shape (batch, steps, classes), got (2, 4): set "
            "return_sequences=true on the last recurrent layer");
  EXPECT_EQ(error_of([&] {
              losses::CTC({.blank = 4})->check(labels({1, 1}, {1}), {1, 9, 4}, "y");
            }),
            "the blank of ctc is 4, which is none of the 4 classes");
  EXPECT_EQ(error_of([&] {
              values_of(ctc, labels({1, 2}, {1, 2}), noise({1, 3, 4}, 1), test::mask_from("100"));
            }),
            "row 0 of y has 2 labels, 0 of them repeated, which need 2 steps, but its prediction "
            "has 1: leave such rows out, or let the layers before keep more steps");
  EXPECT_TRUE(error_of([] {
                losses::CTC({.input_length = "none"});
              }).starts_with("unknown input_length of CTC \"none\""));
}

}  // namespace
}  // namespace chronicler
