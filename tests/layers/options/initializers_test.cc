#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
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

std::vector<double> filled(const Initializer& initializer, const Shape& shape,
                           std::uint64_t seed = 1) {
  const Tensor values(shape, DType::float64);
  initializer.fill(values, seed);
  const auto span = values.span<double>();
  return {span.begin(), span.end()};
}

struct Statistics {
  double mean = 0.0;
  double deviation = 0.0;
  double least = 0.0;
  double most = 0.0;
};

Statistics statistics(const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  Statistics found;
  found.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  for (const double value : values) found.deviation += (value - found.mean) * (value - found.mean);
  found.deviation = std::sqrt(found.deviation / count);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  found.least = *least;
  found.most = *most;
  return found;
}

// A uniform distribution on [-limit, limit]: it comes near its limits and does not pass them.
void expect_uniform(const std::vector<double>& values, double limit) {
  const Statistics found = statistics(values);
  EXPECT_NEAR(found.mean, 0.0, 0.02 * limit);
  EXPECT_NEAR(found.deviation, limit / std::sqrt(3.0), 0.01 * limit);
  EXPECT_GE(found.least, -limit);
  EXPECT_LE(found.most, limit);
  EXPECT_LT(found.least, -0.999 * limit);
  EXPECT_GT(found.most, 0.999 * limit);
}

constexpr double after_truncation = 0.87962566103423978;

// A normal distribution cut off at two of its own deviations, of deviation `deviation` after that.
void expect_truncated(const std::vector<double>& values, double deviation) {
  const Statistics found = statistics(values);
  const double limit = 2.0 * deviation / after_truncation;
  EXPECT_NEAR(found.mean, 0.0, 0.02 * deviation);
  EXPECT_NEAR(found.deviation, deviation, 0.01 * deviation);
  EXPECT_GE(found.least, -limit);
  EXPECT_LE(found.most, limit);
  EXPECT_LT(found.least, -0.99 * limit);
  EXPECT_GT(found.most, 0.99 * limit);
}

// A normal distribution that is not cut off.
void expect_normal(const std::vector<double>& values, double mean, double deviation) {
  const Statistics found = statistics(values);
  EXPECT_NEAR(found.mean, mean, 0.02 * deviation);
  EXPECT_NEAR(found.deviation, deviation, 0.01 * deviation);
  EXPECT_GT(found.most, mean + 3.0 * deviation);
  EXPECT_LT(found.least, mean - 3.0 * deviation);
}

const Shape kernel{128, 512};  // fan_in 128, fan_out 512

TEST(Initializers, Constants) {
  EXPECT_EQ(filled("zeros", {3}), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(filled("ones", {3}), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(filled("constant", {2}), (std::vector<double>{0, 0}));
  EXPECT_EQ(filled(initializers::Constant(-2.5), {2}), (std::vector<double>{-2.5, -2.5}));
  const Tensor values({3});
  values.span<float>()[1] = 7;
  Initializer("zeros").fill(values, 0);
  EXPECT_EQ(values.as<float>()[1], 0.0F);
  EXPECT_EQ(filled("zeros", {0, 3}), std::vector<double>{});
}

TEST(Initializers, Identity) {
  EXPECT_EQ(filled("identity", {2, 3}), (std::vector<double>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(filled(initializers::Identity(0.5), {3, 2}),
            (std::vector<double>{0.5, 0, 0, 0.5, 0, 0}));
  EXPECT_EQ(
      message_of([] {
        filled("identity", {2, 2, 2});
      }),
      "Identity fills a matrix, got shape (2, 2, 2): use another initializer for this weight");
}

TEST(Initializers, RandomOnes) {
  expect_uniform(filled("random_uniform", kernel), 0.05);
  expect_normal(filled("random_normal", kernel), 0.0, 0.05);
  expect_normal(filled(initializers::RandomNormal(3.0, 2.0), kernel), 3.0, 2.0);
  const Statistics shifted = statistics(filled(initializers::RandomUniform(2.0, 4.0), kernel));
  EXPECT_NEAR(shifted.mean, 3.0, 0.01);
  EXPECT_GE(shifted.least, 2.0);
  EXPECT_LT(shifted.most, 4.0);
  EXPECT_LT(shifted.least, 2.01);
  EXPECT_GT(shifted.most, 3.99);
  expect_truncated(filled("truncated_normal", kernel), 0.05 * after_truncation);
  const Statistics moved = statistics(filled(initializers::TruncatedNormal(1.0, 0.5), kernel));
  EXPECT_NEAR(moved.mean, 1.0, 0.01);
  EXPECT_GE(moved.least, 0.0);
  EXPECT_LE(moved.most, 2.0);
}

TEST(Initializers, NamedScalings) {
  expect_uniform(filled("glorot_uniform", kernel), std::sqrt(6.0 / (128 + 512)));
  expect_truncated(filled("glorot_normal", kernel), std::sqrt(2.0 / (128 + 512)));
  expect_uniform(filled("he_uniform", kernel), std::sqrt(6.0 / 128));
  expect_truncated(filled("he_normal", kernel), std::sqrt(2.0 / 128));
  expect_uniform(filled("lecun_uniform", kernel), std::sqrt(3.0 / 128));
  expect_truncated(filled("lecun_normal", kernel), std::sqrt(1.0 / 128));
}

TEST(Initializers, VarianceScaling) {
  expect_truncated(filled("variance_scaling", kernel), std::sqrt(1.0 / 128));
  expect_uniform(filled(initializers::VarianceScaling(2.0, "fan_out", "uniform"), kernel),
                 std::sqrt(3.0 * 2.0 / 512));
  expect_normal(filled(initializers::VarianceScaling(0.5, "fan_avg", "untruncated_normal"), kernel),
                0.0, std::sqrt(0.5 / 320));
  EXPECT_EQ(initializers::VarianceScaling(1.0, "fan_in", "Normal"),
            Initializer("variance_scaling"));
}

TEST(Initializers, FansFollowTheShape) {
  // One axis is both; a convolution (width, inputs, outputs) multiplies by its width.
  expect_uniform(filled("glorot_uniform", {20000}), std::sqrt(6.0 / 40000));
  expect_uniform(filled("he_uniform", {5, 64, 100}), std::sqrt(6.0 / (5 * 64)));
  expect_uniform(filled(initializers::VarianceScaling(1.0, "fan_out", "uniform"), {3, 5, 16, 200}),
                 std::sqrt(3.0 / (3 * 5 * 200)));
  // No axis counts as 1, and so does an empty one.
  EXPECT_LE(std::abs(filled("glorot_uniform", {})[0]), std::sqrt(3.0));
  EXPECT_EQ(filled("glorot_uniform", {0, 0}).size(), 0U);
}

// |A A^T - gain^2 I| of the shorter side, with the axes before the last taken as one.
double orthonormality_error(const Tensor& values, double gain) {
  const std::int64_t columns = values.shape()[-1];
  const std::int64_t rows = values.size() / columns;
  const bool by_rows = rows <= columns;
  const std::int64_t count = std::min(rows, columns);
  const std::int64_t length = std::max(rows, columns);
  const Tensor wide = values.to(DType::float64);
  const auto at = [&](std::int64_t vector, std::int64_t k) {
    return wide.as<double>()[by_rows ? vector * columns + k : k * columns + vector];
  };
  double error = 0.0;
  for (std::int64_t a = 0; a < count; ++a) {
    for (std::int64_t b = 0; b <= a; ++b) {
      double product = 0.0;
      for (std::int64_t k = 0; k < length; ++k) product += at(a, k) * at(b, k);
      error = std::max(error, std::abs(product - (a == b ? gain * gain : 0.0)));
    }
  }
  return error;
}

TEST(Initializers, OrthogonalIsOrthonormal) {
  for (const Shape& shape : {Shape{1, 1}, Shape{8, 32}, Shape{32, 8}, Shape{50, 50}, Shape{3, 4, 5},
                             Shape{64, 256}, Shape{17, 16}, Shape{1, 7}, Shape{7, 1}}) {
    const Tensor wide(shape, DType::float64);
    const Tensor narrow(shape);
    Initializer("orthogonal").fill(wide, 4);
    Initializer("orthogonal").fill(narrow, 4);
    EXPECT_LT(orthonormality_error(wide, 1.0), 1e-12) << shape.to_string();
    EXPECT_LT(orthonormality_error(narrow, 1.0), 1e-5) << shape.to_string();
  }
  const Tensor scaled({6, 9}, DType::float64);
  initializers::Orthogonal(1.5).fill(scaled, 4);
  EXPECT_LT(orthonormality_error(scaled, 1.5), 1e-12);
  EXPECT_THROW(filled("orthogonal", {4}), Error);
  EXPECT_EQ(filled("orthogonal", {0, 4}).size(), 0U);
}

// R = Q^T A must have a positive diagonal, A being the normal matrix: this is the sign of Keras.
TEST(Initializers, OrthogonalHasTheSignsOfTheDraws) {
  constexpr std::int64_t size = 12;
  const std::vector<double> q = filled("orthogonal", {size, size}, 9);
  const Random random(9);
  for (std::int64_t column = 0; column < size; ++column) {
    for (std::int64_t row = 0; row <= column; ++row) {
      double product = 0.0;  // of column `column` of Q with column `row` of A
      for (std::int64_t k = 0; k < size; ++k) {
        product += q[static_cast<std::size_t>(k * size + column)] *
                   random.normal(0, static_cast<std::uint64_t>(row * size + k));
      }
      if (row == column) {
        EXPECT_GT(product, 0.0);
      } else {
        EXPECT_NEAR(product, 0.0, 1e-12);
      }
    }
  }
}

const std::vector<const char*> random_ones{"random_normal",    "random_uniform", "truncated_normal",
                                           "variance_scaling", "glorot_uniform", "glorot_normal",
                                           "he_uniform",       "he_normal",      "lecun_uniform",
                                           "lecun_normal",     "orthogonal"};

TEST(Initializers, DependOnTheSeedAlone) {
  for (const char* name : random_ones) {
    EXPECT_EQ(filled(name, {20, 30}, 5), filled(name, {20, 30}, 5)) << name;
    EXPECT_NE(filled(name, {20, 30}, 5), filled(name, {20, 30}, 6)) << name;
  }
}

TEST(Initializers, OwnSeedGoesFirst) {
  EXPECT_EQ(filled(initializers::GlorotUniform(7), {4, 4}, 1),
            filled(initializers::GlorotUniform(), {4, 4}, 7));
  EXPECT_EQ(filled(initializers::GlorotUniform(7), {4, 4}, 2),
            filled(initializers::GlorotUniform(7), {4, 4}, 1));
  EXPECT_EQ(filled(initializers::Orthogonal(1.0, 3), {4, 4}, 2), filled("orthogonal", {4, 4}, 3));
}

TEST(Initializers, GiveTheSameBitsForAnyNumberOfThreads) {
  const int before = Runtime::global().threads();
  for (const char* name : random_ones) {
    set_threads(1);
    const std::vector<double> alone = filled(name, {200, 300});
    set_threads(5);
    EXPECT_EQ(filled(name, {200, 300}), alone) << name;
  }
  set_threads(before);
}

TEST(Initializers, DrawTheSameInBothTypes) {
  for (const char* name : random_ones) {
    const Tensor wide({16, 24}, DType::float64);
    const Tensor narrow({16, 24});
    Initializer(name).fill(wide, 8);
    Initializer(name).fill(narrow, 8);
    for (std::int64_t i = 0; i < wide.size(); ++i) {
      ASSERT_EQ(narrow.as<float>()[i], static_cast<float>(wide.as<double>()[i])) << name;
    }
  }
}

std::vector<std::string> names_of(const Initializer& initializer) {
  std::vector<std::string> names;
  for (const Setting& setting : initializer.settings()) names.push_back(setting.name);
  return names;
}

TEST(Initializers, HaveKerasSettingsInItsOrder) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_of("zeros"), Names{});
  EXPECT_EQ(names_of("constant"), Names{"value"});
  EXPECT_EQ(names_of("identity"), Names{"gain"});
  EXPECT_EQ(names_of("random_normal"), (Names{"seed", "mean", "stddev"}));
  EXPECT_EQ(names_of("random_uniform"), (Names{"seed", "minval", "maxval"}));
  EXPECT_EQ(names_of("truncated_normal"), (Names{"seed", "mean", "stddev"}));
  EXPECT_EQ(names_of("variance_scaling"), (Names{"seed", "scale", "mode", "distribution"}));
  EXPECT_EQ(names_of("glorot_uniform"), Names{"seed"});
  EXPECT_EQ(names_of("orthogonal"), (Names{"seed", "gain"}));
  EXPECT_EQ(Initializer("random_normal").number("stddev"), 0.05);
  EXPECT_EQ(Initializer("random_normal").number("seed"), 0.0);  // null
  EXPECT_EQ(initializers::HeNormal(12).number("seed"), 12.0);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(Initializer("he_normal").settings()[0].value));
}

TEST(Initializers, HaveAllOfKerasNames) {
  const auto expect = [](const char* name, const char* class_name) {
    EXPECT_EQ(Initializer(name).class_name(), class_name);
    EXPECT_EQ(Initializer(std::string(class_name)), Initializer(name));
  };
  expect("zeros", "Zeros");
  expect("zero", "Zeros");
  expect("ones", "Ones");
  expect("one", "Ones");
  expect("constant", "Constant");
  expect("identity", "Identity");
  expect("IdentityInitializer", "Identity");
  expect("normal", "RandomNormal");
  expect("random_normal", "RandomNormal");
  expect("uniform", "RandomUniform");
  expect("random_uniform", "RandomUniform");
  expect("truncated_normal", "TruncatedNormal");
  expect("variance_scaling", "VarianceScaling");
  expect("glorot_uniform", "GlorotUniform");
  expect("glorot_normal", "GlorotNormal");
  expect("he_uniform", "HeUniform");
  expect("he_normal", "HeNormal");
  expect("lecun_uniform", "LecunUniform");
  expect("lecun_normal", "LecunNormal");
  expect("orthogonal", "Orthogonal");
  expect("OrthogonalInitializer", "Orthogonal");
  EXPECT_EQ(Initializer(), initializers::Zeros());
  EXPECT_EQ(Initializer("glorot_uniform"), initializers::GlorotUniform());
  EXPECT_FALSE(initializers::GlorotUniform() == initializers::GlorotUniform(0));
  EXPECT_FALSE(initializers::GlorotUniform() == initializers::GlorotNormal());
}

TEST(Initializers, ReadConfigsOfEveryKeras) {
  // Keras 3.15 writes two axes that are null; 3.0 does not.
  EXPECT_EQ(Initializer::from("GlorotUniform",
                              {{"seed", std::int64_t{3}}, {"input_axes", {}}, {"output_axes", {}}}),
            initializers::GlorotUniform(3));
  EXPECT_EQ(Initializer::from("VarianceScaling", {{"scale", std::int64_t{2}}, {"input_axes", {}}}),
            initializers::VarianceScaling(2.0));
  EXPECT_THROW(Initializer::from("GlorotUniform", {{"input_axes", std::int64_t{0}}}), Error);
  EXPECT_THROW(Initializer::from("Orthogonal", {{"input_axes", {}}}), Error);
  EXPECT_EQ(Initializer::from("Orthogonal", {{"gain", 2.0}}), initializers::Orthogonal(2.0));
}

TEST(Initializers, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(message_of([] { Initializer("glorot_unifrom"); }),
            "unknown initializer \"glorot_unifrom\": did you mean \"glorot_uniform\"?");
  EXPECT_THROW(Initializer(nullptr), Error);
  EXPECT_THROW(Initializer(""), Error);
  EXPECT_EQ(message_of([] {
              Initializer::from("Orthogonal", {{"gian", 1.0}});
            }),
            "unknown setting of Orthogonal \"gian\": did you mean \"gain\"?");
  EXPECT_EQ(message_of([] {
              Initializer::from("Orthogonal", {{"seed", 1.5}});
            }),
            "seed of Orthogonal is a whole number, got 1.5");
  EXPECT_EQ(message_of([] {
              Initializer::from("Constant", {{"value", true}});
            }),
            "value of Constant is a number, got true");
  EXPECT_EQ(message_of([] { initializers::VarianceScaling(1.0, "fan_inn"); }),
            "unknown mode of VarianceScaling \"fan_inn\": did you mean \"fan_in\"?");
  EXPECT_EQ(message_of([] { initializers::VarianceScaling(1.0, "fan_in", "unifrom"); }),
            "unknown distribution of VarianceScaling \"unifrom\": did you mean \"uniform\"?");
  EXPECT_EQ(message_of([] { initializers::VarianceScaling(0.0); }),
            "scale of VarianceScaling must be above 0, got 0");
  EXPECT_THROW(Initializer("zeros").fill(Tensor({2}, DType::int32), 0), Error);
}

}  // namespace
}  // namespace chronicler
