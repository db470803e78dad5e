#include "chronicler/layers/operation.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::differentiate;
using test::error_of;
using test::noise;
using test::numbers;
using test::run_layer;
using test::same_bits;
using Numbers = std::vector<double>;

Numbers applied(const LayerPtr& operation, const Tensor& x) {
  return numbers(run_layer(*operation, {x}).values[0]);
}

TEST(Operation, ComparesAndCombines) {
  const Tensor x({2, 3}, std::vector<float>{0, 1, 2, 0, 0, 3});
  EXPECT_EQ(applied(layers::NotEqual(0.0), x), (Numbers{0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(applied(layers::Operation("Greater", {.arguments = {std::nullopt, 1.0}}), x),
            (Numbers{0, 0, 1, 0, 0, 1}));
  EXPECT_EQ(applied(layers::Operation("LogicalNot"), x), (Numbers{1, 0, 0, 1, 1, 0}));
  test::LayerInput two{x};
  two.more.push_back({Tensor({1, 3}, std::vector<float>{1, 0, 0})});
  EXPECT_EQ(numbers(run_layer(*layers::Operation("LogicalOr"), two).values[0]),
            (Numbers{1, 1, 1, 1, 0, 1}));
}

TEST(Operation, ReducesAndShapes) {
  const Tensor x({2, 2, 2}, std::vector<float>{0, 1, 0, 0, 2, 3, 0, 1});
  EXPECT_EQ(applied(layers::Operation("Any", {.axis = {-1}}), x), (Numbers{1, 0, 1, 1}));
  EXPECT_EQ(applied(layers::Operation("All", {.axis = {-1}}), x), (Numbers{0, 0, 1, 0}));
  const LayerPtr expand = layers::Operation("ExpandDims", {.axis = {1}});
  EXPECT_EQ(run_layer(*expand, {x}).values[0].shape(), (Shape{2, 1, 2, 2}));
  EXPECT_EQ(applied(layers::Operation("OnesLike"), x), Numbers(8, 1.0));
}

// A decoder with initial states sees the mask that is given to it.
TEST(Operation, MakesTheMaskOfAnEmbedding) {
  const Symbol ids = Input({.shape = {4}, .dtype = "int32"});
  const Symbol state = Input({.shape = {3}});
  const Symbol embedded =
      layers::Embedding({.input_dim = 5, .output_dim = 2, .mask_zero = true})(ids);
  const LayerPtr gru = layers::GRU({.units = 3, .return_sequences = true});
  const Symbol mask = layers::NotEqual(0.0)(ids);
  Functional given({ids, state}, {gru(embedded, {.initial_state = state, .mask = mask})});
  Functional attached({ids}, {gru(embedded)});
  const Tensor x({1, 4}, std::vector<std::int32_t>{1, 2, 0, 3});
  EXPECT_TRUE(same_bits(given(std::vector{x, Tensor({1, 3})})[0], attached(x)));
}

TEST(Operation, LetsGradientsThroughArithmetic) {
  const LayerPtr twice = layers::Operation("Multiply", {.arguments = {2.0, std::nullopt}});
  const test::LayerGradient gradient =
      differentiate(*twice, {noise({2, 3}, 1)}, {test::ramp({2, 3})});
  EXPECT_EQ(numbers(gradient.inputs[0]), (Numbers{0, 2, 4, 6, 8, 10}));
}

TEST(Operation, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(error_of([] { layers::Operation("NotEquals"); }).find("\"NotEqual\""),
            std::string::npos);
  EXPECT_NE(error_of([] {
              run_layer(*layers::Operation("Add", {.name = "sum"}), {noise({2, 3}, 1)});
            }).find("takes 2 arguments, got 1 symbols and 0 numbers"),
            std::string::npos);
}

}  // namespace
}  // namespace chronicler
