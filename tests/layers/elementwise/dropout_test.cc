#include <gtest/gtest.h>

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

}  // namespace
}  // namespace chronicler
