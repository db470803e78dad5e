#include "layers/core/weights_from_file.h"

#include <thread>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

LayerPtr built_dense(std::int64_t units) {
  const LayerPtr layer =
      layers::Dense({.units = units, .kernel_initializer = "ones", .name = "wide"});
  layer->build(std::vector<Shape>{{None, 4}});
  return layer;
}

TEST(WeightsFromFile, LeavesWeightsZero) {
  EXPECT_EQ(test::numbers(built_dense(1)->parameters()[0].value)[0], 1.0);
  const WeightsFromFile guard(1000);
  EXPECT_EQ(test::numbers(built_dense(1)->parameters()[0].value)[0], 0.0);
}

TEST(WeightsFromFile, AllowsNoMoreThanTheFileHolds) {
  const WeightsFromFile guard(10 * sizeof(float));
  EXPECT_TRUE(WeightsFromFile::take(6, sizeof(float)));
  EXPECT_FALSE(WeightsFromFile::take(5, sizeof(float)));
  EXPECT_FALSE(WeightsFromFile::take(std::int64_t{1} << 60U, sizeof(float)));
  EXPECT_TRUE(WeightsFromFile::take(4, sizeof(float)));
  EXPECT_NE(test::error_of([] { built_dense(1000); }).find("more numbers than its file holds"),
            std::string::npos);
}

TEST(WeightsFromFile, CountsForItsOwnThreadAndTime) {
  EXPECT_FALSE(WeightsFromFile::expected());
  {
    const WeightsFromFile guard(8);
    EXPECT_TRUE(WeightsFromFile::expected());
    std::thread([] { EXPECT_FALSE(WeightsFromFile::expected()); }).join();
  }
  EXPECT_FALSE(WeightsFromFile::expected());
  EXPECT_TRUE(WeightsFromFile::take(std::int64_t{1} << 60U, sizeof(float)));
}

}  // namespace
}  // namespace chronicler
