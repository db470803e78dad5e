#include "tasks/shared/ridge.h"

#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

// y = 3 x0 - 2 x2 + 1, x1 of no use.
struct Examples {
  std::vector<float> x;
  std::vector<float> y;
};
Examples make_examples(std::int64_t count, std::uint64_t seed) {
  const Random random(seed);
  Examples examples;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::uint64_t>(i);
    for (std::uint64_t f = 0; f < 3; ++f)
      examples.x.push_back(static_cast<float>(random.normal(f, at) + 5.0));
    const float* row = &examples.x[static_cast<std::size_t>(3 * i)];
    examples.y.push_back(3.0F * row[0] - 2.0F * row[2] + 1.0F);
  }
  return examples;
}

Moments moments_of(const Examples& examples) {
  Moments moments(3, 1);
  moments.add(static_cast<std::int64_t>(examples.y.size()), examples.x.data(), examples.y.data());
  return moments;
}

TEST(Ridge, FindsTheMap) {
  const Moments moments = moments_of(make_examples(1000, 1));
  const std::vector<std::int64_t> all{0, 1, 2};
  const LinearMap map = solve_ridge(moments, all, 1e-6);
  EXPECT_NEAR(map.weights[0], 3.0, 1e-3);
  EXPECT_NEAR(map.weights[1], 0.0, 1e-3);
  EXPECT_NEAR(map.weights[2], -2.0, 1e-3);
  EXPECT_NEAR(map.intercept[0], 1.0, 1e-2);
  EXPECT_LT(mean_squared_error(moments, map), 1e-4);
}

TEST(Ridge, JudgesByTheSumsAlone) {
  const Examples examples = make_examples(500, 2);
  const std::vector<std::int64_t> some{1, 2};
  const LinearMap map = solve_ridge(moments_of(make_examples(500, 3)), some, 0.1);
  double squares = 0.0;
  for (std::size_t i = 0; i < examples.y.size(); ++i) {
    const float* row = &examples.x[3 * i];
    const double told = map.weights[0] * static_cast<double>(row[1]) +
                        map.weights[1] * static_cast<double>(row[2]) + map.intercept[0];
    const double error = told - static_cast<double>(examples.y[i]);
    squares += error * error / static_cast<double>(examples.y.size());
  }
  EXPECT_NEAR(mean_squared_error(moments_of(examples), map), squares, 1e-3);
}

TEST(Ridge, AddsUpAndTakesApart) {
  const Examples first = make_examples(300, 4);
  const Examples second = make_examples(300, 5);
  Moments both = moments_of(first);
  both += moments_of(second);
  both -= moments_of(first);
  const std::vector<std::int64_t> all{0, 1, 2};
  EXPECT_NEAR(solve_ridge(both, all, 0.1).weights[0],
              solve_ridge(moments_of(second), all, 0.1).weights[0], 1e-9);
}

TEST(Ridge, RaisesThePenaltyWhereFeaturesRepeatEachOther) {
  Moments moments(2, 1);
  std::vector<float> x;
  std::vector<float> y;
  for (int i = 0; i < 50; ++i) {
    x.insert(x.end(), {static_cast<float>(i), static_cast<float>(i)});
    y.push_back(static_cast<float>(2 * i));
  }
  moments.add(50, x.data(), y.data());
  const std::vector<std::int64_t> both{0, 1};
  const LinearMap map = solve_ridge(moments, both, 1e-14);
  EXPECT_NEAR(map.weights[0] + map.weights[1], 2.0, 1e-2);
}

}  // namespace
}  // namespace chronicler::tasks
