#include "kernels/activation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/activation_checks.h"
#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using kernels::Activation;

constexpr double epsilon = static_cast<double>(std::numeric_limits<float>::epsilon());
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr std::array<std::int64_t, 12> sizes{1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100};

std::vector<Activation> all_activations(bool rowwise) {
  std::vector<Activation> all;
  for (const std::string_view name : kernels::activation_names()) {
    const Activation activation = *kernels::activation_from_name(name);
    if (kernels::is_rowwise(activation) == rowwise) all.push_back(activation);
  }
  return all;
}

template <class Check>
void on_every_isa(Check check) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    check();
  }
}

// From -12 to 12; no corner of any function is among them.
std::vector<float> grid() {
  std::vector<float> x;
  for (int i = 0; i < 6007; ++i) x.push_back(-12.0F + static_cast<float>(i) * 0.0039957F);
  return x;
}

template <class To, class From>
std::vector<To> converted(const std::vector<From>& values) {
  std::vector<To> other;
  for (const From value : values) other.push_back(static_cast<To>(value));
  return other;
}

template <class Real>
std::vector<Real> activated(Activation activation, const std::vector<Real>& x,
                            std::int64_t rows = 1) {
  std::vector<Real> y(x.size());
  kernels::activate(activation, rows, static_cast<std::int64_t>(x.size()) / rows, x.data(),
                    y.data());
  return y;
}

template <class Real>
std::vector<Real> differentiated(Activation activation, const std::vector<Real>& x,
                                 const std::vector<Real>& y, const std::vector<Real>& dy,
                                 std::int64_t rows = 1) {
  std::vector<Real> dx(x.size());
  kernels::activate_backward(activation, rows, static_cast<std::int64_t>(x.size()) / rows,
                             kernels::needs_input(activation) ? x.data() : nullptr, y.data(),
                             dy.data(), dx.data());
  return dx;
}

float one(Activation activation, float x) {
  return activated(activation, std::vector<float>{x})[0];
}

template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

// A few roundings of the result, or of what it is the difference of: numbers up to about 1, or x.
double tolerance(double x, double y) {
  return 8 * epsilon * std::max({1.0, std::abs(x), std::abs(y)});
}

// ---- Names

TEST(ActivationKernel, NamesGoBothWays) {
  for (const std::string_view name : kernels::activation_names()) {
    const auto activation = kernels::activation_from_name(name);
    ASSERT_TRUE(activation.has_value()) << name;
    EXPECT_EQ(kernels::name_of(*activation), name);
  }
  EXPECT_EQ(kernels::activation_names().size(), 29U);
  EXPECT_EQ(kernels::activation_from_name("swish"), Activation::silu);
  EXPECT_EQ(kernels::activation_from_name("hard_swish"), Activation::hard_silu);
  EXPECT_EQ(kernels::activation_from_name("exp"), Activation::exponential);
  EXPECT_FALSE(kernels::activation_from_name("Tanh").has_value());
  EXPECT_FALSE(kernels::activation_from_name("").has_value());
}

// ---- Values

// The definitions, at one point on each side of 0, worked out by hand.
TEST(ActivationKernel, ValuesInDouble) {
  struct Value {
    Activation activation;
    double at_minus_one;
    double at_two;
  };
  const double e = std::exp(1.0);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const std::vector<Value> values{
      {Activation::linear, -1, 2},
      {Activation::relu, 0, 2},
      {Activation::leaky_relu, -0.2, 2},
      {Activation::relu6, 0, 2},
      {Activation::elu, 1 / e - 1, 2},
      {Activation::selu, 1.0507009873554805 * 1.6732632423543772 * (1 / e - 1),
       2 * 1.0507009873554805},
      {Activation::celu, 1 / e - 1, 2},
      {Activation::softplus, std::log(1 + 1 / e), std::log(1 + e * e)},
      {Activation::softsign, -0.5, 2.0 / 3},
      {Activation::silu, -sigmoid(-1), 2 * sigmoid(2)},
      {Activation::gelu, -0.15865525393145707, 1.9544997361036416},
      {Activation::tanh, (1 - e * e) / (1 + e * e), std::tanh(2.0)},
      {Activation::sigmoid, sigmoid(-1), sigmoid(2)},
      {Activation::hard_sigmoid, 1.0 / 3, 5.0 / 6},
      {Activation::hard_sigmoid_keras2, 0.3, 0.9},
      {Activation::hard_silu, -1.0 / 3, 5.0 / 3},
      {Activation::hard_tanh, -1, 1},
      {Activation::exponential, 1 / e, e * e},
      {Activation::mish, -std::tanh(std::log(1 + 1 / e)), 2 * std::tanh(std::log(1 + e * e))},
      {Activation::log_sigmoid, std::log(sigmoid(-1)), std::log(sigmoid(2))},
      {Activation::squareplus, (std::sqrt(5.0) - 1) / 2, 1 + std::sqrt(2.0)},
      {Activation::tanh_shrink, std::tanh(1.0) - 1, 2 - std::tanh(2.0)},
      {Activation::soft_shrink, -0.5, 1.5},
      {Activation::hard_shrink, -1, 2},
      {Activation::sparse_plus, 0, 2},
      {Activation::sparse_sigmoid, 0, 1},
  };
  EXPECT_EQ(values.size(), all_activations(false).size());
  for (const Value& value : values) {
    const std::vector<double> y = activated(value.activation, std::vector<double>{-1, 2});
    EXPECT_NEAR(y[0], value.at_minus_one, 1e-14) << kernels::name_of(value.activation);
    EXPECT_NEAR(y[1], value.at_two, 1e-14) << kernels::name_of(value.activation);
  }
}

TEST(ActivationKernel, FloatIsCloseToDouble) {
  const std::vector<float> x = grid();
  const std::vector<double> exact_x = converted<double>(x);
  for (const Activation activation : all_activations(false)) {
    SCOPED_TRACE(kernels::name_of(activation));
    const std::vector<double> expected = activated(activation, exact_x);
    on_every_isa([&] {
      const std::vector<float> y = activated(activation, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(y[i]), expected[i], tolerance(exact_x[i], expected[i]))
            << "at " << x[i];
      }
    });
  }
}

TEST(ActivationKernel, TanhIsCloseEverywhere) { check_tanh(257); }
TEST(ActivationKernel, SigmoidIsCloseEverywhere) { check_sigmoid(257); }

// Far out nothing overflows that should not.
TEST(ActivationKernel, LargeNumbers) {
  const std::vector<float> x{-1e10F, -1e4F, -100.0F, 100.0F, 1e4F, 1e10F};
  for (const Activation activation : all_activations(false)) {
    if (activation == Activation::exponential) continue;
    SCOPED_TRACE(kernels::name_of(activation));
    const std::vector<double> expected = activated(activation, converted<double>(x));
    on_every_isa([&] {
      const std::vector<float> y = activated(activation, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        EXPECT_NEAR(static_cast<double>(y[i]), expected[i],
                    8 * epsilon * std::max(1.0, std::abs(expected[i])))
            << "at " << x[i];
      }
    });
  }
  on_every_isa([] {
    EXPECT_EQ(one(Activation::exponential, 100.0F), infinity);
    EXPECT_EQ(one(Activation::exponential, 1e10F), infinity);
    EXPECT_EQ(one(Activation::exponential, -1e10F), 0.0F);
    EXPECT_NEAR(one(Activation::exponential, 88.0F) / 1.6516363e38F, 1.0, 1e-5);
  });
}

TEST(ActivationKernel, NotANumberStaysOne) {
  for (const Activation activation : all_activations(false)) {
    SCOPED_TRACE(kernels::name_of(activation));
    on_every_isa([&] {
      std::vector<float> x(19, 0.5F);
      x[3] = not_a_number;   // in a vector
      x[18] = not_a_number;  // in the remainder
      const std::vector<float> y = activated(activation, x);
      for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i == 3 || i == 18);
    });
    EXPECT_TRUE(std::isnan(
        activated(activation, std::vector<double>{std::numeric_limits<double>::quiet_NaN()})[0]));
  }
}

TEST(ActivationKernel, EndsOfTheLine) {
  on_every_isa([] {
    EXPECT_EQ(one(Activation::tanh, infinity), 1.0F);
    EXPECT_EQ(one(Activation::tanh, -infinity), -1.0F);
    EXPECT_EQ(one(Activation::sigmoid, infinity), 1.0F);
    EXPECT_NEAR(one(Activation::sigmoid, -infinity), 0.0F, 1e-37);  // it is held at -86
    EXPECT_EQ(one(Activation::exponential, infinity), infinity);
    EXPECT_EQ(one(Activation::exponential, -infinity), 0.0F);
    EXPECT_EQ(one(Activation::relu, infinity), infinity);
    EXPECT_EQ(one(Activation::relu, -infinity), 0.0F);
    EXPECT_EQ(one(Activation::hard_sigmoid, infinity), 1.0F);
    EXPECT_EQ(one(Activation::hard_sigmoid, -infinity), 0.0F);
    EXPECT_EQ(one(Activation::elu, -infinity), -1.0F);
    EXPECT_EQ(one(Activation::softplus, infinity), infinity);
    EXPECT_EQ(one(Activation::softplus, -infinity), 0.0F);
  });
}

TEST(ActivationKernel, NearZero) {
  on_every_isa([] {
    EXPECT_EQ(one(Activation::tanh, 0.0F), 0.0F);
    EXPECT_FALSE(std::signbit(one(Activation::tanh, 0.0F)));
    EXPECT_TRUE(std::signbit(one(Activation::tanh, -0.0F)));
    EXPECT_TRUE(std::signbit(one(Activation::relu, -0.0F)));
    EXPECT_EQ(one(Activation::sigmoid, 0.0F), 0.5F);
    EXPECT_EQ(one(Activation::sigmoid, -0.0F), 0.5F);
    EXPECT_EQ(one(Activation::exponential, 0.0F), 1.0F);
    // tanh(x) is x here, to the last digit; an absolute error would show.
    for (const float x : {1e-3F, 1e-5F, 1e-10F, 1e-30F, 1.2e-38F}) {
      EXPECT_NEAR(one(Activation::tanh, x) / x, 1.0, 1e-6) << x;
      EXPECT_NEAR(one(Activation::tanh, -x) / -x, 1.0, 1e-6) << x;
    }
    // Denormals may be taken for 0, as the processor does when it is told to flush them.
    for (const float x : {1e-40F, 1e-45F}) {
      const float y = one(Activation::tanh, x);
      EXPECT_TRUE(y == x || y == 0.0F) << x << ": " << y;
      EXPECT_EQ(one(Activation::sigmoid, x), 0.5F);
    }
  });
}

// ---- Derivatives

// In double, against central differences; no corner is on the grid.
TEST(ActivationKernel, DerivativesInDouble) {
  constexpr double step = 1e-6;
  const std::vector<double> x = converted<double>(grid());
  std::vector<double> above = x;
  std::vector<double> below = x;
  for (double& value : above) value += step;
  for (double& value : below) value -= step;
  const std::vector<double> dy(x.size(), 1.0);
  for (const Activation activation : all_activations(false)) {
    SCOPED_TRACE(kernels::name_of(activation));
    const std::vector<double> y = activated(activation, x);
    const std::vector<double> high = activated(activation, above);
    const std::vector<double> low = activated(activation, below);
    const std::vector<double> dx = differentiated(activation, x, y, dy);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = (high[i] - low[i]) / (2 * step);
      const double size = std::max({1e-3, std::abs(dx[i]), std::abs(difference)});
      ASSERT_NEAR(dx[i], difference, 1e-6 * size) << "at " << x[i];
    }
  }
}

TEST(ActivationKernel, DerivativesInFloatAreCloseToDouble) {
  const std::vector<float> x = grid();
  const std::vector<double> exact_x = converted<double>(x);
  std::vector<float> dy;
  for (std::size_t i = 0; i < x.size(); ++i) dy.push_back(i % 2 == 0 ? 1.5F : -0.75F);
  for (const Activation activation : all_activations(false)) {
    SCOPED_TRACE(kernels::name_of(activation));
    const std::vector<double> exact_y = activated(activation, exact_x);
    const std::vector<double> expected =
        differentiated(activation, exact_x, exact_y, converted<double>(dy));
    on_every_isa([&] {
      const std::vector<float> dx = differentiated(activation, x, activated(activation, x), dy);
      for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(dx[i]), expected[i], tolerance(exact_x[i], expected[i]))
            << "at " << x[i];
      }
    });
  }
}

// ---- Memory

// An element's bits do not depend on where it lies; nothing is written past the end.
TEST(ActivationKernel, SameBitsAtEveryLength) {
  const std::vector<float> x = grid();
  for (const Activation activation : all_activations(false)) {
    SCOPED_TRACE(kernels::name_of(activation));
    on_every_isa([&] {
      for (std::int64_t length = 0; length < 70; ++length) {
        const std::vector<float> some(x.begin() + 2900, x.begin() + 2900 + length);
        std::vector<float> y(some.size() + 1, 77.0F);
        kernels::activate(activation, 1, length, some.data(), y.data());
        ASSERT_EQ(y.back(), 77.0F) << length;
        y.pop_back();
        std::vector<float> dx(some.size() + 1, 77.0F);
        kernels::activate_backward(activation, 1, length, some.data(), y.data(), some.data(),
                                   dx.data());
        ASSERT_EQ(dx.back(), 77.0F) << length;
        for (std::size_t i = 0; i < some.size(); ++i) {
          const std::vector<float> alone{some[i]};
          const std::vector<float> y_alone = activated(activation, alone);
          ASSERT_TRUE(same_bits(y_alone, {y[i]})) << length << " " << i;
          ASSERT_TRUE(same_bits(differentiated(activation, alone, y_alone, alone), {dx[i]}))
              << length << " " << i;
        }
      }
    });
  }
}

template <class Real>
void check_in_place(Activation activation, std::int64_t rows, std::int64_t length) {
  std::vector<Real> x;
  for (std::int64_t i = 0; i < rows * length; ++i) {
    x.push_back(static_cast<Real>(std::sin(static_cast<double>(i * i)) * 3));
  }
  const std::vector<Real> y = activated(activation, x, rows);
  std::vector<Real> in_place = x;
  kernels::activate(activation, rows, length, in_place.data(), in_place.data());
  EXPECT_TRUE(same_bits(in_place, y));
  const std::vector<Real> dx = differentiated(activation, x, y, x, rows);
  in_place = x;  // as dy
  kernels::activate_backward(activation, rows, length, x.data(), y.data(), in_place.data(),
                             in_place.data());
  EXPECT_TRUE(same_bits(in_place, dx));
}

TEST(ActivationKernel, WorksInPlace) {
  for (const bool rowwise : {false, true}) {
    for (const Activation activation : all_activations(rowwise)) {
      SCOPED_TRACE(kernels::name_of(activation));
      check_in_place<double>(activation, 3, 19);
      on_every_isa([&] { check_in_place<float>(activation, 3, 37); });
    }
  }
}

// ---- Functions of rows

std::vector<float> made_up_rows(std::int64_t rows, std::int64_t length) {
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows * length; ++i) {
    x.push_back(static_cast<float>(std::sin(static_cast<double>(i) * 1.7) * 4));
  }
  return x;
}

TEST(ActivationKernel, RowsSumToOne) {
  for (const std::int64_t length : sizes) {
    const std::vector<double> x = converted<double>(made_up_rows(3, length));
    const std::vector<double> softmax = activated(Activation::softmax, x, 3);
    const std::vector<double> log_softmax = activated(Activation::log_softmax, x, 3);
    const std::vector<double> sparsemax = activated(Activation::sparsemax, x, 3);
    for (std::int64_t row = 0; row < 3; ++row) {
      double soft_sum = 0;
      double sparse_sum = 0;
      for (std::int64_t at = row * length; at < (row + 1) * length; ++at) {
        const auto i = static_cast<std::size_t>(at);
        EXPECT_NEAR(std::log(softmax[i]), log_softmax[i], 1e-12);
        EXPECT_GE(sparsemax[i], 0.0);
        soft_sum += softmax[i];
        sparse_sum += sparsemax[i];
      }
      EXPECT_NEAR(soft_sum, 1.0, 1e-14);
      EXPECT_NEAR(sparse_sum, 1.0, 1e-14);
    }
  }
}

TEST(ActivationKernel, ValuesOfRows) {
  const std::vector<double> x{0.0, std::log(2.0), std::log(5.0)};
  const std::vector<double> softmax = activated(Activation::softmax, x);
  EXPECT_NEAR(softmax[0], 0.125, 1e-15);
  EXPECT_NEAR(softmax[1], 0.25, 1e-15);
  EXPECT_NEAR(softmax[2], 0.625, 1e-15);
  // Two are kept: their threshold is (1.5 + 1.0 - 1) / 2.
  const std::vector<double> sparse = activated(Activation::sparsemax, std::vector{1.5, 1.0, 0.7});
  EXPECT_NEAR(sparse[0], 0.75, 1e-15);
  EXPECT_NEAR(sparse[1], 0.25, 1e-15);
  EXPECT_EQ(sparse[2], 0.0);
}

TEST(ActivationKernel, RowsInFloatAreCloseToDouble) {
  for (const Activation activation : all_activations(true)) {
    SCOPED_TRACE(kernels::name_of(activation));
    for (const std::int64_t length : sizes) {
      const std::vector<float> x = made_up_rows(3, length);
      const std::vector<double> exact_x = converted<double>(x);
      const std::vector<double> exact_y = activated(activation, exact_x, 3);
      const std::vector<double> exact_dx = differentiated(activation, exact_x, exact_y, exact_x, 3);
      on_every_isa([&] {
        const std::vector<float> y = activated(activation, x, 3);
        const std::vector<float> dx = differentiated(activation, x, y, x, 3);
        // A gradient of log_softmax sums the whole row.
        const double sum = 4.0 * std::ceil(std::log2(static_cast<double>(length) + 1));
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_NEAR(static_cast<double>(y[i]), exact_y[i], 2 * tolerance(4.0, exact_y[i]));
          ASSERT_NEAR(static_cast<double>(dx[i]), exact_dx[i], sum * tolerance(4.0, exact_dx[i]));
        }
      });
    }
  }
}

TEST(ActivationKernel, RowsOfLargeNumbers) {
  on_every_isa([] {
    const std::vector<float> x{1e4F, 1e4F, -1e4F};
    EXPECT_EQ(activated(Activation::softmax, x), (std::vector<float>{0.5F, 0.5F, 0.0F}));
    EXPECT_EQ(activated(Activation::sparsemax, x), (std::vector<float>{0.5F, 0.5F, 0.0F}));
    const std::vector<float> logs = activated(Activation::log_softmax, x);
    EXPECT_NEAR(logs[0], -std::log(2.0), 1e-3);
    EXPECT_NEAR(logs[2], -2e4 - std::log(2.0), 1e-2);
  });
}

// A row's bits do not depend on its neighbours.
TEST(ActivationKernel, RowsAloneHaveTheSameBits) {
  for (const Activation activation : all_activations(true)) {
    SCOPED_TRACE(kernels::name_of(activation));
    on_every_isa([&] {
      for (const std::int64_t length : sizes) {
        const std::vector<float> x = made_up_rows(4, length);
        const std::vector<float> y = activated(activation, x, 4);
        const std::vector<float> dx = differentiated(activation, x, y, x, 4);
        for (std::int64_t row = 0; row < 4; ++row) {
          const auto part = [&](const std::vector<float>& all) {
            return std::vector<float>(all.begin() + row * length, all.begin() + (row + 1) * length);
          };
          const std::vector<float> alone = activated(activation, part(x));
          EXPECT_TRUE(same_bits(alone, part(y)));
          EXPECT_TRUE(same_bits(differentiated(activation, part(x), alone, part(x)), part(dx)));
        }
      }
    });
  }
}

TEST(ActivationKernel, DerivativesOfRows) {
  constexpr double step = 1e-6;
  for (const Activation activation : all_activations(true)) {
    SCOPED_TRACE(kernels::name_of(activation));
    for (const std::int64_t length : {1, 2, 5, 17}) {
      const std::vector<double> x = converted<double>(made_up_rows(2, length));
      std::vector<double> dy;
      for (std::size_t i = 0; i < x.size(); ++i) dy.push_back(std::cos(static_cast<double>(i)));
      const std::vector<double> y = activated(activation, x, 2);
      const std::vector<double> dx = differentiated(activation, x, y, dy, 2);
      for (std::size_t i = 0; i < x.size(); ++i) {
        std::vector<double> above = x;
        std::vector<double> below = x;
        above[i] += step;
        below[i] -= step;
        const std::vector<double> high = activated(activation, above, 2);
        const std::vector<double> low = activated(activation, below, 2);
        double difference = 0.0;
        for (std::size_t j = 0; j < x.size(); ++j) difference += dy[j] * (high[j] - low[j]);
        difference /= 2 * step;
        const double size = std::max({1e-3, std::abs(dx[i]), std::abs(difference)});
        EXPECT_NEAR(dx[i], difference, 1e-6 * size) << length << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace chronicler::test
