#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::run_layer;

const layers::EmbeddingOptions four_words{.input_dim = 4, .output_dim = 2, .name = "words"};

LayerPtr embedding(layers::EmbeddingOptions options = four_words) {
  const LayerPtr layer = layers::Embedding(options);
  const Shape shape{None, None};
  layer->build(std::span(&shape, 1));
  copy(test::ramp({4, 2}), layer->parameters()[0].value);
  return layer;
}

TEST(Embedding, LooksUp) {
  const Tensor ids({2, 2}, std::vector<std::int32_t>{3, 0, 1, 3});
  const Tensor y = run_layer(*embedding(), {ids}).values[0];
  EXPECT_EQ(y.shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(test::numbers(y), (std::vector<double>{6, 7, 0, 1, 2, 3, 6, 7}));
  EXPECT_TRUE(test::same_bits(run_layer(*embedding(), {ids.to(DType::float32)}).values[0], y));
}

TEST(Embedding, MasksZeroIfAsked) {
  const Tensor ids({2, 2}, std::vector<std::int32_t>{3, 0, 1, 0});
  EXPECT_FALSE(run_layer(*embedding(), {ids}).mask);
  layers::EmbeddingOptions options = four_words;
  options.mask_zero = true;
  EXPECT_TRUE(
      test::same_bits(run_layer(*embedding(options), {ids}).mask, test::mask_from("10/10")));
}

// An id that is there twice gets both gradients.
TEST(Embedding, GradientsOfARowAddUp) {
  const LayerPtr layer = embedding();
  const Tensor ids({1, 3}, std::vector<std::int32_t>{1, 2, 1});
  const Tensor dy({1, 3, 2}, std::vector<float>{1, 2, 10, 20, 100, 200});
  const test::LayerGradient gradient = test::differentiate(*layer, {ids}, {dy});
  EXPECT_EQ(test::numbers(gradient.weights[0]),
            (std::vector<double>{0, 0, 101, 202, 10, 20, 0, 0}));
  EXPECT_FALSE(gradient.inputs[0]);
}

TEST(Embedding, StartsUniform) {
  const LayerPtr layer = layers::Embedding({.input_dim = 100, .output_dim = 20});
  const Shape shape{None, None};
  layer->build(std::span(&shape, 1));
  double largest = 0.0;
  for (const double value : test::numbers(layer->parameters()[0].value))
    largest = std::max(largest, std::abs(value));
  EXPECT_LE(largest, 0.05);
  EXPECT_GT(largest, 0.04);
}

TEST(Embedding, RefusesIdsOutsideTheTable) {
  const std::string hint = ": input_dim must be the largest id + 1";
  EXPECT_EQ(error_of([] {
              run_layer(*embedding(), {Tensor({2, 2}, std::vector<std::int32_t>{0, 1, 2, 4})});
            }),
            "Embedding \"words\": id 4 at row 1, step 1 is not in 0..3" + hint);
  EXPECT_EQ(error_of([] {
              run_layer(*embedding(), {Tensor({1, 2}, std::vector<std::int32_t>{-1, 1})});
            }),
            "Embedding \"words\": id -1 at row 0, step 0 is not in 0..3" + hint);
  EXPECT_EQ(error_of([] {
              run_layer(*embedding(), {Tensor({1, 2}, std::vector<float>{1, 4.5F})});
            }),
            "Embedding \"words\": id 4.5 at row 0, step 1 is not in 0..3" + hint);
}

TEST(Embedding, CutsIdsToWholeNumbersAsKerasDoes) {
  const Tensor ids({1, 2}, std::vector<float>{1.75F, 3.5F});
  EXPECT_EQ(test::numbers(run_layer(*embedding(), {ids}).values[0]),
            (std::vector<double>{2, 3, 6, 7}));
}

TEST(Embedding, RefusesWrongOptions) {
  EXPECT_EQ(error_of([] { layers::Embedding({.output_dim = 3, .name = "words"}); }),
            "Embedding \"words\": input_dim must be at least 1, got 0");
  EXPECT_EQ(error_of([] { run_layer(*embedding(), {test::mask_from("10/10")}); }),
            "Embedding \"words\" needs ids of type int32, got bool");
}

}  // namespace
}  // namespace chronicler
