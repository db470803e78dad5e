#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

TEST(Dropout, DoesNothingWhenNotTraining) {
  const Tensor x = test::noise({3, 4}, 1);
  EXPECT_TRUE(test::same_bits(run_layer(*layers::Dropout({.rate = 0.9}), {x}).values[0], x));
}

TEST(Dropout, DropsTheRateAndScalesTheRest) {
  Tensor x({100, 100});
  x.fill(2.0);
  const Tensor y =
      run_layer(*layers::Dropout({.rate = 0.3, .seed = 1}), {x}, {.training = true}).values[0];
  int dropped = 0;
  for (const double value : test::numbers(y)) {
    if (value == 0.0) {
      ++dropped;
    } else {
      EXPECT_NEAR(value, 2.0 / 0.7, 1e-6);
    }
  }
  EXPECT_NEAR(dropped, 3000, 150);
}

TEST(Dropout, BelongsToSeedAndStep) {
  const Tensor x = test::noise({10, 10}, 1);
  const auto y = [&](std::int64_t seed, std::uint64_t step) {
    return run_layer(*layers::Dropout({.rate = 0.5, .seed = seed}), {x},
                     {.training = true, .step = step})
        .values[0];
  };
  EXPECT_TRUE(test::same_bits(y(1, 1), y(1, 1)));
  EXPECT_FALSE(test::same_bits(y(1, 1), y(1, 2)));
  EXPECT_FALSE(test::same_bits(y(1, 1), y(2, 1)));
}

TEST(Dropout, UnseededLayersDiffer) {
  const Tensor x = test::noise({10, 10}, 1);
  const auto y = [&] {
    return run_layer(*layers::Dropout({.rate = 0.5}), {x}, {.training = true}).values[0];
  };
  EXPECT_FALSE(test::same_bits(y(), y()));
}

TEST(Dropout, RefusesWrongRates) {
  EXPECT_EQ(error_of([] { layers::Dropout({.rate = 1.0, .name = "drop"}); }),
            "Dropout \"drop\": rate must be at least 0 and below 1, got 1");
  EXPECT_EQ(error_of([] { layers::Dropout({.rate = -0.1, .name = "drop"}); }),
            "Dropout \"drop\": rate must be at least 0 and below 1, got -0.1");
}

// selu(noise) keeps mean 0 and variance 1, and a dropped number is the lowest that there is.
TEST(AlphaDropout, KeepsMeanAndVariance) {
  Tensor x({200, 100});
  const Random random(5);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.as<float>()[i] = static_cast<float>(random.normal(1, static_cast<std::uint64_t>(i)));
  const double rate = 0.2;
  const Tensor y =
      run_layer(*layers::AlphaDropout({.rate = rate, .seed = 1}), {x}, {.training = true})
          .values[0];
  const double lowest = -1.7580993408473766;
  const double slope = 1.0 / std::sqrt((1.0 - rate) * (1.0 + rate * lowest * lowest));
  const double offset = -slope * lowest * rate;
  double mean = 0.0;
  double squares = 0.0;
  int dropped = 0;
  const std::vector<double> before = test::numbers(x);
  const std::vector<double> after = test::numbers(y);
  for (std::size_t i = 0; i < after.size(); ++i) {
    mean += after[i] / static_cast<double>(after.size());
    squares += after[i] * after[i] / static_cast<double>(after.size());
    if (std::abs(after[i] - (slope * lowest + offset)) < 1e-6) {
      ++dropped;
    } else {
      EXPECT_NEAR(after[i], slope * before[i] + offset, 1e-6);
    }
  }
  EXPECT_NEAR(mean, 0.0, 0.03);
  EXPECT_NEAR(squares - mean * mean, 1.0, 0.03);
  EXPECT_NEAR(dropped, 4000, 200);
}

TEST(AlphaDropout, DropsTogetherWhereTheNoiseHasOneExtent) {
  const Tensor x = test::noise({4, 6, 5}, 2);
  const layers::AlphaDropoutOptions options{.rate = 0.5, .noise_shape = {None, 1, None}, .seed = 1};
  const Tensor y = run_layer(*layers::AlphaDropout(options), {x}, {.training = true}).values[0];
  int same = 0;
  for (std::int64_t row = 0; row < 4; ++row) {
    for (std::int64_t feature = 0; feature < 5; ++feature) {
      const float* from = y.as<float>() + row * 30 + feature;
      bool all = true;
      for (std::int64_t step = 1; step < 6; ++step) all = all && from[step * 5] == from[0];
      same += all ? 1 : 0;
    }
  }
  EXPECT_GT(same, 3);  // whole columns are dropped
  EXPECT_LT(same, 17);
  EXPECT_NE(error_of([&] {
              layers::AlphaDropoutOptions wrong = options;
              wrong.noise_shape = {None, 2};
              run_layer(*layers::AlphaDropout(wrong), {x}, {.training = true});
            }).find("noise_shape (None, 2) does not fit"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
