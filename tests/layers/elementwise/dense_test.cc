#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::run_layer;

LayerPtr dense(const layers::DenseOptions& options, const Shape& input) {
  const LayerPtr layer = layers::Dense(options);
  layer->build(std::span(&input, 1));
  return layer;
}

TEST(Dense, IsAProductAndABias) {
  const LayerPtr layer = dense({.units = 2}, {None, 3});
  copy(Tensor({3, 2}, std::vector<float>{1, 2, 3, 4, 5, 6}), layer->parameters()[0].value);
  copy(Tensor({2}, std::vector<float>{10, 20}), layer->parameters()[1].value);
  const Tensor x({2, 3}, std::vector<float>{1, 0, -1, 2, 2, 2});
  EXPECT_EQ(test::numbers(run_layer(*layer, {x}).values[0]), (std::vector<double>{6, 16, 28, 44}));
}

TEST(Dense, WorksOnTheLastAxisOfAnyRank) {
  const LayerPtr layer = dense({.units = 5}, {None, None, 3});
  const Tensor x = noise({2, 4, 3}, 1);
  const test::LayerOutput output = run_layer(*layer, {x, test::mask_from("1110/1000")});
  EXPECT_EQ(output.values[0].shape(), (Shape{2, 4, 5}));
  EXPECT_TRUE(test::same_bits(output.values[0].reshaped({8, 5}),
                              run_layer(*layer, {x.reshaped({8, 3})}).values[0]));
  EXPECT_TRUE(test::same_bits(output.mask, test::mask_from("1110/1000")));
}

TEST(Dense, SoftmaxSumsToOne) {
  const LayerPtr layer = dense({.units = 7, .activation = "softmax"}, {None, 3});
  const std::vector<double> y = test::numbers(run_layer(*layer, {noise({2, 3}, 1)}).values[0]);
  double sum = 0.0;
  for (std::size_t i = 0; i < 7; ++i) sum += y[i];
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(Dense, RefusesWrongInput) {
  EXPECT_EQ(error_of([] { layers::Dense({.units = 0, .name = "out"}); }),
            "Dense \"out\": units must be at least 1, got 0");
  EXPECT_EQ(error_of([] { dense({.units = 2, .name = "out"}, {None}); }),
            "Dense \"out\" needs input (batch, ..., features) with known features, got (None,): "
            "give the data a features axis, or the last axis of input_shape");
  EXPECT_EQ(error_of([] {
              dense({.units = 2, .name = "out"}, {None, None});
            }),
            "Dense \"out\" needs input (batch, ..., features) with known features, got (None, "
            "None): give the data a features axis, or the last axis of input_shape");
  const LayerPtr layer = dense({.units = 2, .name = "out"}, {None, 3});
  EXPECT_EQ(error_of([&] {
              run_layer(*layer, {noise({2, 4}, 1)});
            }),
            "Dense \"out\": its kernel was built for 3 features, input is (2, 4): the last axis "
            "must have as many features as at the first call");
}

}  // namespace
}  // namespace chronicler
