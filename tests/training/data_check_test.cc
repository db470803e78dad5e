#include "training/data_check.h"

#include <limits>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Zeros, but for one element.
Tensor with(const Shape& shape, std::int64_t index, double value, DType dtype = DType::float32) {
  Tensor data(shape, dtype);
  if (dtype == DType::float32) {
    data.as<float>()[index] = static_cast<float>(value);
  } else {
    data.as<double>()[index] = value;
  }
  return data;
}

TEST(CheckFinite, NamesTheFirstPlace) {
  EXPECT_EQ(error_of([] {
              check_finite(with({20, 5, 4}, 17 * 20 + 3 * 4 + 2, nan), "x");
            }),
            "x holds NaN at row 17, step 3, feature 2: clean the data, or give missing steps a "
            "value of their own and start with a Masking layer");
  EXPECT_EQ(error_of([] {
              check_finite(with({9, 2}, 7, -infinity), "validation y");
            }),
            "validation y holds -infinity at row 3, column 1: clean the data, or leave such rows "
            "out");
  EXPECT_EQ(error_of([] { check_finite(with({9}, 8, infinity, DType::float64), "y"); }),
            "y holds infinity at row 8: clean the data, or leave such rows out");
  EXPECT_EQ(error_of([] {
              check_finite(with({2, 2, 2, 2}, 15, nan), "y");
            }),
            "y holds NaN at index (1, 1, 1, 1): clean the data, or leave such rows out");
}

TEST(CheckFinite, FindsItAnywhere) {
  for (const std::int64_t index : {0, 4095, 4096, 9999}) {
    EXPECT_EQ(error_of([&] { check_finite(with({10000}, index, nan), "y"); }).substr(0, 18),
              "y holds NaN at row");
    EXPECT_EQ(error_of([&] {
                check_finite(with({10000}, index, nan, DType::float64), "y");
              }).substr(0, 18),
              "y holds NaN at row");
  }
}

TEST(CheckFinite, LetsNumbersPass) {
  check_finite(with({3}, 1, std::numeric_limits<float>::max()), "x");
  check_finite(with({3}, 1, std::numeric_limits<float>::denorm_min()), "x");
  check_finite(with({3}, 1, -std::numeric_limits<double>::max(), DType::float64), "x");
  check_finite(Tensor({3}, std::vector<std::int32_t>{0x7F800000, -1, 0}), "x");
}

TEST(CheckLengths, AllMustHoldAsManySamples) {
  check_lengths(Tensor({4, 2}), Tensor({4}), Tensor({4, 1}), "");
  check_lengths(Tensor({4, 2}), Tensor({4}), Tensor(), "");
  EXPECT_EQ(error_of([] {
              check_lengths(Tensor({100, 2}), Tensor({99}), {}, "");
            }),
            "x has 100 samples, but y has 99: their shapes are (100, 2) and (99,)");
  EXPECT_EQ(
      error_of([] {
        check_lengths(Tensor({4, 2}), Tensor({4}), Tensor({3}), "validation ");
      }),
      "validation x has 4 samples, but validation sample_weight has 3: their shapes are (4, 2) "
      "and (3,)");
}

TEST(CheckLengths, NoDataIsAnError) {
  EXPECT_EQ(error_of([] { check_lengths(Tensor(), Tensor({1}), {}, ""); }),
            "x is empty: give a tensor whose first axis counts the samples");
  EXPECT_EQ(error_of([] {
              check_lengths(Tensor({1, 2}), Tensor(), {}, "validation ");
            }),
            "validation y is empty: give a tensor whose first axis counts the samples");
  EXPECT_EQ(error_of([] {
              check_lengths(Tensor({0, 2}), Tensor({0}), {}, "");
            }),
            "x has no samples: its shape is (0, 2): give at least one");
}

}  // namespace
}  // namespace chronicler
