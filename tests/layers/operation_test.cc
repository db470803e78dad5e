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

Tensor taken(const Tensor& x, const std::vector<layers::SliceItem>& items) {
  const LayerPtr layer = layers::Operation("GetItem", {.items = items});
  return test::run_layer(*layer, {x}).values[0];
}

TEST(GetItem, TakesWhatNumPyWouldTake) {
  using Kind = layers::SliceItem::Kind;
  const Tensor x = test::ramp({1, 4, 3});
  const layers::SliceItem all{};
  const auto numbers = [&](const std::vector<layers::SliceItem>& items) {
    return test::numbers(taken(x, items));
  };
  EXPECT_EQ(numbers({all, {Kind::index, -1}}), (std::vector<double>{9, 10, 11}));
  EXPECT_EQ(numbers({all, {Kind::range, {}, {}, 2}, {Kind::range, 1}}),
            (std::vector<double>{1, 2, 7, 8}));
  EXPECT_EQ(numbers({{Kind::ellipsis}, {Kind::index, 0}}), (std::vector<double>{0, 3, 6, 9}));
  EXPECT_EQ(numbers({all, {Kind::range, {}, {}, -2}, {Kind::index, 2}}),
            (std::vector<double>{11, 5}));
  EXPECT_EQ(numbers({all, {Kind::range, 1, -1}, {Kind::index, 1}}), (std::vector<double>{4, 7}));
  EXPECT_EQ(taken(x, {all, {Kind::new_axis}}).shape(), (Shape{1, 1, 4, 3}));
  EXPECT_EQ(taken(x, {all, {Kind::range, 3, 1}}).shape(), (Shape{1, 0, 3}));
}

TEST(GetItem, SaysWhatItCannotTake) {
  using Kind = layers::SliceItem::Kind;
  const Tensor x = test::ramp({2, 4, 3});
  EXPECT_NE(test::error_of([&] {
              taken(x, {{Kind::index, 0}});
            }).find("batch axis"),
            std::string::npos);
  EXPECT_NE(test::error_of([&] {
              taken(x, {{}, {Kind::index, 4}});
            }).find("axis 1 has no place 4"),
            std::string::npos);
  EXPECT_NE(test::error_of([&] {
              taken(x, {{}, {}, {}, {}});
            }).find("it has no 4 axes"),
            std::string::npos);
}

TEST(GetItem, GradientGoesWhereTheNumbersCameFrom) {
  const LayerPtr layer =
      layers::Operation("GetItem", {.items = {{}, {layers::SliceItem::Kind::index, 1}}});
  const Tensor x = test::ramp({1, 3, 2});
  const test::LayerGradient gradient =
      test::differentiate(*layer, {x}, {Tensor({1, 2}, std::vector<float>{5, 6})});
  EXPECT_EQ(test::numbers(gradient.inputs[0]), (std::vector<double>{0, 0, 5, 6, 0, 0}));
}

}  // namespace
}  // namespace chronicler
