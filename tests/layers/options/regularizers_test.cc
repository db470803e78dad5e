#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/options.h"

namespace chronicler {
namespace {

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error was thrown";
}

Tensor matrix() { return Tensor({2, 3}, std::vector<double>{1.0, -2.0, 0.5, 0.25, 3.0, -1.5}); }

Tensor normal(const Shape& shape) {
  const Tensor values(shape, DType::float64);
  const Random random(3);
  for (std::int64_t i = 0; i < values.size(); ++i) {
    values.as<double>()[i] = random.normal(0, static_cast<std::uint64_t>(i));
  }
  return values;
}

// The numbers are Keras 3.15.1's, in float32.
TEST(Regularizers, GiveKerasPenalties) {
  const Tensor wide = matrix();
  const Tensor narrow = wide.to(DType::float32);
  const auto expect = [&](const Regularizer& regularizer, double expected) {
    EXPECT_NEAR(regularizer.penalty(wide), expected, 3e-7 * (1.0 + expected));
    EXPECT_NEAR(regularizer.penalty(narrow), expected, 3e-7 * (1.0 + expected));
  };
  expect("l1", 0.08249999582767487);
  expect("l2", 0.16562499105930328);
  expect("l1l2", 0.0);
  expect(regularizers::L1L2(0.1, 0.2), 4.137499809265137);
  expect("orthogonal_regularizer", 0.008434404619038105);
  expect(regularizers::OrthogonalRegularizer(0.5, "columns"), 0.22963277995586395);
}

TEST(Regularizers, OrthogonalBearsAVectorOfZeros) {
  const Tensor values({3, 3}, std::vector<double>{0, 0, 0, 1, 2, 3, -3, 1, 1});
  const Tensor gradient({3, 3}, DType::float64);
  EXPECT_NEAR(regularizers::OrthogonalRegularizer(1.0).penalty(values, gradient),
              0.05372152850031853, 1e-7);
  for (const double slope : gradient.span<double>()) EXPECT_TRUE(std::isfinite(slope));
}

TEST(Regularizers, OrthogonalOfOneVectorIsNothing) {
  EXPECT_EQ(Regularizer("orthogonal_regularizer").penalty(normal({1, 4})), 0.0);
}

// Central differences in double; values are far from the kinks of |x|.
void check_gradient(const Regularizer& regularizer, const Shape& shape) {
  constexpr double step = 1e-6;
  constexpr double scale = 0.7;
  const Tensor values = normal(shape);
  const Tensor gradient(shape, DType::float64);
  gradient.as<double>()[0] = 5.0;  // it is added to what is there
  const double penalty = regularizer.penalty(values, gradient, scale);
  EXPECT_EQ(penalty, regularizer.penalty(values));  // without the scale
  gradient.as<double>()[0] -= 5.0;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    double& value = values.as<double>()[i];
    const double before = value;
    value = before + step;
    const double above = regularizer.penalty(values);
    value = before - step;
    const double below = regularizer.penalty(values);
    value = before;
    const double expected = scale * (above - below) / (2.0 * step);
    EXPECT_NEAR(gradient.as<double>()[i], expected, 1e-8 + 1e-6 * std::abs(expected))
        << regularizer.class_name() << ", element " << i;
  }
}

TEST(Regularizers, GradientsAreThoseOfThePenalties) {
  for (const Shape& shape : {Shape{7, 5}, Shape{3, 17}, Shape{20, 2}}) {
    check_gradient(regularizers::L1(0.3), shape);
    check_gradient(regularizers::L2(0.2), shape);
    check_gradient(regularizers::L1L2(0.3, 0.2), shape);
    check_gradient(regularizers::OrthogonalRegularizer(0.4, "rows"), shape);
    check_gradient(regularizers::OrthogonalRegularizer(0.4, "columns"), shape);
  }
  check_gradient(regularizers::L1L2(0.3, 0.2), {2, 3, 4});
}

TEST(Regularizers, L1HasNoSlopeAtZero) {
  const Tensor gradient({2}, DType::float64);
  Regularizer("l1").penalty(Tensor({2}, std::vector<double>{0.0, -0.0}), gradient);
  EXPECT_EQ(gradient.as<double>()[0], 0.0);
  EXPECT_EQ(gradient.as<double>()[1], 0.0);
}

TEST(Regularizers, GradientInFloatIsThatInDouble) {
  const Tensor wide = normal({9, 11});
  const Tensor narrow = wide.to(DType::float32);
  for (const Regularizer& regularizer :
       {regularizers::L1L2(0.1, 0.2), regularizers::OrthogonalRegularizer(0.3)}) {
    const Tensor exact({9, 11}, DType::float64);
    const Tensor found({9, 11}, DType::float32);
    regularizer.penalty(wide, exact);
    regularizer.penalty(narrow, found);
    for (std::int64_t i = 0; i < wide.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(found.as<float>()[i]), exact.as<double>()[i], 1e-6);
    }
  }
}

TEST(Regularizers, GiveTheSameBitsForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  const Tensor values = normal({40, 30});
  std::vector<double> penalties;
  std::vector<Tensor> gradients;
  for (const int threads : {1, 2, 5}) {
    set_threads(threads);
    gradients.emplace_back(Shape{40, 30}, DType::float64);
    penalties.push_back(regularizers::OrthogonalRegularizer(0.3).penalty(values, gradients.back()));
  }
  set_threads(before);
  for (std::size_t i = 1; i < penalties.size(); ++i) {
    EXPECT_EQ(penalties[i], penalties[0]);
    EXPECT_TRUE(std::equal(gradients[i].span<double>().begin(), gradients[i].span<double>().end(),
                           gradients[0].span<double>().begin()));
  }
}

TEST(Regularizers, NoneCostsNothing) {
  EXPECT_FALSE(Regularizer());
  EXPECT_FALSE(Regularizer(nullptr));
  EXPECT_TRUE(Regularizer("l2"));
  EXPECT_EQ(Regularizer().penalty(matrix()), 0.0);
  EXPECT_EQ(Regularizer("l2").penalty({}), 0.0);
}

TEST(Regularizers, HaveKerasNamesAndSettings) {
  EXPECT_EQ(Regularizer("l1l2"), regularizers::L1L2(0.0, 0.0));
  EXPECT_EQ(Regularizer("L2"), regularizers::L2(0.01));
  EXPECT_EQ(Regularizer(std::string("l1")).class_name(), "L1");
  EXPECT_FALSE(regularizers::L1() == regularizers::L1(0.02));
  EXPECT_FALSE(regularizers::L1() == Regularizer());
  const Regularizer orthogonal("OrthogonalRegularizer");
  ASSERT_EQ(orthogonal.settings().size(), 2U);
  EXPECT_EQ(orthogonal.settings()[0].name, "factor");
  EXPECT_EQ(orthogonal.number("factor"), 0.01);
  EXPECT_EQ(orthogonal.settings()[1].name, "mode");
  EXPECT_EQ(std::get<std::string>(orthogonal.settings()[1].value), "rows");
  EXPECT_EQ(message_of([&] { orthogonal.number("mode"); }),
            "mode of OrthogonalRegularizer is \"rows\", not a number");
  EXPECT_EQ(Regularizer::from("L2", {{"l2", {}}}), regularizers::L2());  // null: the default
}

TEST(Regularizers, RefuseWhatTheyDoNotKnow) {
  // Keras 2 knew "l1_l2", Keras 3 does not.
  EXPECT_EQ(message_of([] { Regularizer("l1_l2"); }),
            "unknown regularizer \"l1_l2\": did you mean \"l1l2\"?");
  EXPECT_EQ(message_of([] { Regularizer(""); }),
            "unknown regularizer \"\": choose one of l1, l2, l1l2, orthogonal_regularizer");
  EXPECT_EQ(message_of([] { regularizers::OrthogonalRegularizer(0.1, "row"); }),
            "unknown mode of OrthogonalRegularizer \"row\": did you mean \"rows\"?");
  EXPECT_EQ(message_of([] { regularizers::L1(-1.0); }), "l1 of L1 must be at least 0, got -1");
  EXPECT_THROW(regularizers::L2(std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(regularizers::L2(std::numeric_limits<double>::infinity()), Error);
}

TEST(Regularizers, RefuseWhatDoesNotFit) {
  EXPECT_EQ(
      message_of([] { Regularizer("orthogonal_regularizer").penalty(normal({4})); }),
      "OrthogonalRegularizer needs a matrix, got shape (4,): use another regularizer for this "
      "weight");
  EXPECT_EQ(message_of([] { Regularizer("l2").penalty(normal({4}), normal({3})); }),
            "the gradient of float64 values of shape (4,) cannot be float64 of shape (3,)");
  EXPECT_THROW(Regularizer("l2").penalty(normal({4}), Tensor({4})), Error);
  EXPECT_THROW(Regularizer("l2").penalty(Tensor({4}, DType::int32)), Error);
}

}  // namespace
}  // namespace chronicler
