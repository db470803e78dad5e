#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
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

const std::vector<double> matrix{1.0, -2.0, 0.5, 0.25, 3.0, -1.5};  // (2, 3)

// The matrix after the constraint, in both types, which must agree.
std::vector<double> constrained(const Constraint& constraint, const Shape& shape = {2, 3},
                                const std::vector<double>& values = matrix) {
  const Tensor wide = Tensor(shape, values).clone();
  const Tensor narrow = wide.to(DType::float32);
  constraint.apply(wide);
  constraint.apply(narrow);
  const auto result = wide.span<double>();
  for (std::int64_t i = 0; i < wide.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(narrow.as<float>()[i]), wide.as<double>()[i], 1e-6);
  }
  return {result.begin(), result.end()};
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 2e-7 * (1.0 + std::abs(expected[i]))) << i;
}

// The numbers are Keras 3.15.1's, in float32.
TEST(Constraints, MaxNorm) {
  expect_near(constrained("max_norm"),
              {0.9999998807907104, -1.1094003915786743, 0.4999999701976776, 0.2499999701976776,
               1.6641006469726562, -1.4999998807907104});
  expect_near(constrained(constraints::MaxNorm(1.0, 1)),
              {0.4364357590675354, -0.8728715181350708, 0.2182178795337677, 0.07432941347360611,
               0.8919529914855957, -0.44597649574279785});
}

TEST(Constraints, UnitNorm) {
  expect_near(constrained("unit_norm"),
              {0.9701424241065979, -0.5547001957893372, 0.3162277340888977, 0.24253560602664948,
               0.8320503234863281, -0.9486832022666931});
  expect_near(constrained(constraints::UnitNorm(-1)),
              {0.4364357590675354, -0.8728715181350708, 0.2182178795337677, 0.07432941347360611,
               0.8919529914855957, -0.44597649574279785});
}

TEST(Constraints, MinMaxNorm) {
  expect_near(constrained("min_max_norm"),
              {0.9701424241065979, -0.5547001957893372, 0.3162277340888977, 0.24253560602664948,
               0.8320503234863281, -0.9486832022666931});
  expect_near(constrained(constraints::MinMaxNorm(2.0, 3.0, 0.5, 1)),
              {1.0, -2.0, 0.5, 0.23649413883686066, 2.8379297256469727, -1.4189648628234863});
}

TEST(Constraints, NonNeg) { expect_near(constrained("non_neg"), {1.0, 0.0, 0.5, 0.25, 3.0, 0.0}); }

TEST(Constraints, DivideByTheNormAndEpsilon) {
  const std::vector<double> tiny = constrained("unit_norm", {2}, {3e-7, 4e-7});
  EXPECT_NEAR(tiny[0], 3e-7 / (5e-7 + 1e-7), 1e-12);
  EXPECT_EQ(constrained("unit_norm", {2}, {0.0, 0.0}), (std::vector<double>{0.0, 0.0}));
}

// Every vector along the axis, and no other, gets norm 1; more of them than are treated at once.
TEST(Constraints, GoAlongTheirAxis) {
  const Shape shape{5, 3, 70};
  std::vector<double> values;
  for (int i = 0; i < 5 * 3 * 70; ++i) values.push_back(std::sin(i * 0.7) + 0.1 * i);
  for (int axis = 0; axis < 3; ++axis) {
    const std::vector<double> found = constrained(constraints::UnitNorm(axis), shape, values);
    const std::int64_t stride = axis == 0 ? 3 * 70 : axis == 1 ? 70 : 1;
    for (std::int64_t i = 0; i < shape.elements(); ++i) {
      if (i / stride % shape[axis] != 0) continue;  // not where a vector begins
      double squares = 0.0;
      for (std::int64_t k = 0; k < shape[axis]; ++k) {
        const double value = found[static_cast<std::size_t>(i + k * stride)];
        squares += value * value;
      }
      ASSERT_NEAR(squares, 1.0, 1e-6) << "axis " << axis << ", element " << i;
    }
  }
  EXPECT_THROW(constrained(constraints::UnitNorm(3), shape, values), Error);
  EXPECT_THROW(constrained(constraints::UnitNorm(-4), shape, values), Error);
}

TEST(Constraints, NoneChangesNothing) {
  EXPECT_FALSE(Constraint());
  EXPECT_FALSE(Constraint(nullptr));
  EXPECT_TRUE(Constraint("max_norm"));
  expect_near(constrained({}), matrix);
}

TEST(Constraints, HaveKerasNamesAndSettings) {
  EXPECT_EQ(Constraint("max_norm").class_name(), "MaxNorm");
  EXPECT_EQ(Constraint("MaxNorm"), constraints::MaxNorm());
  EXPECT_EQ(Constraint("min_max_norm"), constraints::MinMaxNorm(0.0, 1.0, 1.0, 0));
  EXPECT_EQ(constraints::MaxNorm().number("max_value"), 2.0);
  EXPECT_FALSE(constraints::MaxNorm(2.0, 1) == constraints::MaxNorm(2.0, 0));
  const std::vector<Setting> settings = constraints::MinMaxNorm().settings();
  ASSERT_EQ(settings.size(), 4U);
  EXPECT_EQ(settings[0].name, "min_value");
  EXPECT_EQ(settings[1].name, "max_value");
  EXPECT_EQ(settings[2].name, "rate");
  EXPECT_EQ(settings[3].name, "axis");
  EXPECT_EQ(std::get<std::int64_t>(settings[3].value), 0);
  // A file may hold the whole number 3 where a real one belongs.
  EXPECT_EQ(Constraint::from("MaxNorm", {{"max_value", std::int64_t{3}}}),
            constraints::MaxNorm(3.0));
}

TEST(Constraints, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(message_of([] { Constraint("maxnorm2"); }),
            "unknown constraint \"maxnorm2\": did you mean \"max_norm\"?");
  EXPECT_EQ(message_of([] {
              Constraint::from("MaxNorm", {{"max_valeu", 1.0}});
            }),
            "unknown setting of MaxNorm \"max_valeu\": did you mean \"max_value\"?");
  EXPECT_EQ(message_of([] {
              Constraint::from("NonNeg", {{"axis", std::int64_t{0}}});
            }),
            "unknown setting of NonNeg \"axis\": there is none to choose from");
  EXPECT_EQ(message_of([] {
              Constraint::from("MaxNorm", {{"axis", 0.5}});
            }),
            "axis of MaxNorm is a whole number, got 0.5");
  EXPECT_EQ(message_of([] {
              Constraint::from("MaxNorm", {{"max_value", std::string("big")}});
            }),
            "max_value of MaxNorm is a number, got \"big\"");
  EXPECT_EQ(message_of([] {
              Constraint::from("UnitNorm", {{"axis", std::int64_t{0}}, {"axis", std::int64_t{1}}});
            }),
            "axis of UnitNorm is given twice");
  EXPECT_THROW(constraints::MaxNorm().number("rate"), Error);
  EXPECT_THROW(Constraint("non_neg").apply(Tensor({2}, DType::int32)), Error);
}

}  // namespace
}  // namespace chronicler
