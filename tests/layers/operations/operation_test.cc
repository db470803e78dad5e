#include "chronicler/layers/operation.h"

#include <set>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::differentiate;
using test::error_of;
using test::mask_from;
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

// ---- every operation that lets a gradient through, against central differences

struct GradientCase {
  std::string name;
  layers::OperationOptions options = {};
  std::vector<Shape> inputs = {Shape{2, 3, 4}};
  double from = -2.0;  // the inputs are in [from, from + 4)
};

std::vector<GradientCase> gradient_cases() {
  const std::vector<Shape> two{Shape{2, 3, 4}, Shape{2, 1, 4}};
  const std::vector<Shape> ranks{Shape{2, 3, 4}, Shape{3, 4}};
  std::vector<GradientCase> cases;
  for (const char* name : {"Add", "Subtract", "Multiply", "Maximum", "Minimum"}) {
    cases.push_back({name, {}, two});
    cases.push_back({name, {}, ranks});
    cases.push_back({name, {.arguments = {std::nullopt, 0.7}}});
    cases.push_back({name, {.arguments = {-0.3, std::nullopt}}});
    cases.push_back({name, {.arguments = {noise({3, 1}, 5), std::nullopt}}});
  }
  for (const char* name : {"Divide", "TrueDivide", "DivideNoNan", "Power", "Mod"})
    cases.push_back({name, {}, two, 0.5});
  for (const char* name : {"Sqrt", "Rsqrt", "Reciprocal", "Log", "Log1p", "Log2", "Log10"})
    cases.push_back({name, {}, {Shape{2, 3, 4}}, 0.5});
  for (const char* name :
       {"Negative",        "Absolute",  "Square",     "Exp",         "Expm1",    "Sin",      "Cos",
        "Arctan",          "Sinh",      "Cosh",       "Erf",         "Tanh",     "Sigmoid",  "Relu",
        "Relu6",           "LeakyRelu", "Elu",        "Celu",        "Selu",     "Gelu",     "Silu",
        "Softplus",        "Softsign",  "LogSigmoid", "HardSigmoid", "HardTanh", "HardSilu", "Copy",
        "ConvertToTensor", "Squeeze",   "BroadcastTo"}) {
    GradientCase c{name};
    if (c.name == "BroadcastTo") c.options.sizes = {-1, 2, 3, 4}, c.inputs = {Shape{2, 1, 3, 4}};
    if (c.name == "Squeeze") c.inputs = {Shape{2, 3, 1, 4, 1}};
    cases.push_back(c);
  }
  cases.push_back({"Tan", {}, {Shape{2, 3}}, -5.0});
  cases.push_back({"Gelu", {.settings = {{"approximate", false}}}});
  cases.push_back({"LeakyRelu", {.settings = {{"negative_slope", 0.4}}}});
  cases.push_back({"Celu", {.settings = {{"alpha", 0.6}}}});
  cases.push_back({"Clip", {.settings = {{"x_min", -0.8}, {"x_max", 1.1}}}});
  cases.push_back({"Where", {.arguments = {mask_from("1011/0010/1110")}}, {{2, 3, 4}, {2, 3, 1}}});
  for (const char* name :
       {"Sum", "Mean", "Max", "Min", "Amax", "Amin", "Prod", "Var", "Std", "Logsumexp"}) {
    cases.push_back({name, {.axis = {-1}}});
    cases.push_back({name, {.axis = {1, 2}, .keepdims = true}});
    cases.push_back({name, {.axis = {1}}});
  }
  for (const char* name : {"Softmax", "LogSoftmax", "Cumsum"}) {
    cases.push_back({name, {.axis = {1}}});
    cases.push_back({name, {.axis = {-1}}});
  }
  cases.push_back({"Cast", {.to = "float32"}});
  cases.push_back({"ExpandDims", {.axis = {1, -1}}});
  cases.push_back({"Reshape", {.sizes = {-1, 4, 3}}});
  cases.push_back({"Transpose", {.sizes = {0, 2, 1}}});
  cases.push_back({"Swapaxes", {.sizes = {1, -1}}});
  cases.push_back({"Flip", {.axis = {1, 2}}});
  cases.push_back({"Concatenate", {.axis = {1}}, {Shape{2, 3, 4}, Shape{2, 1, 4}}});
  cases.push_back({"Stack", {.axis = {-1}}, {Shape{2, 3, 4}, Shape{2, 3, 4}}});
  cases.push_back({"Stack", {.axis = {1}}, {Shape{2, 3, 4}, Shape{2, 3, 4}}});
  cases.push_back({"Matmul", {}, {Shape{2, 3, 4}, Shape{2, 4, 5}}});
  cases.push_back({"Matmul", {}, {Shape{2, 3, 5, 4}, Shape{2, 1, 4, 2}}});
  cases.push_back({"Matmul", {.arguments = {std::nullopt, noise({4, 5}, 3)}}});
  cases.push_back({"Matmul", {.arguments = {noise({5, 3}, 3)}}});
  return cases;
}

test::LayerInput input_of(const GradientCase& c) {
  std::uint64_t seed = 3;
  const auto made = [&](const Shape& shape) {
    const Tensor x = noise(shape, seed++, DType::float64);
    for (double& each : x.span<double>()) each = c.from + 2.0 * (each + 1.0);
    return x;
  };
  test::LayerInput input{made(c.inputs[0])};
  for (std::size_t i = 1; i < c.inputs.size(); ++i) input.more.push_back({made(c.inputs[i])});
  return input;
}

// The sum of the outputs, weighted with random numbers.
double weighed(Layer& layer, const test::LayerInput& input, const Tensor& weights) {
  const Numbers y = numbers(run_layer(layer, input).values[0]);
  const Numbers w = numbers(weights);
  double sum = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * w[i];
  return sum;
}

TEST(Operation, GradientsAreThoseOfCentralDifferences) {
  for (const GradientCase& c : gradient_cases()) {
    layers::OperationOptions options = c.options;
    options.dtype = "float64";
    const LayerPtr layer = layers::Operation(c.name, options);
    const test::LayerInput input = input_of(c);
    const Tensor weights = noise(run_layer(*layer, input).values[0].shape(), 9, DType::float64);
    const test::LayerGradient gradient = differentiate(*layer, input, {weights});
    std::vector<Tensor> inputs{input.x};
    for (const test::LayerInput::More& more : input.more) inputs.push_back(more.x);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Numbers got = numbers(gradient.inputs[k]);
      ASSERT_EQ(static_cast<std::int64_t>(got.size()), inputs[k].size()) << c.name;
      for (std::int64_t i = 0; i < inputs[k].size(); ++i) {
        constexpr double step = 1e-6;
        double& x = inputs[k].as<double>()[i];
        const double here = x;
        x = here + step;
        const double above = weighed(*layer, input, weights);
        x = here - step;
        const double below = weighed(*layer, input, weights);
        x = here;
        EXPECT_NEAR(got[static_cast<std::size_t>(i)], (above - below) / (2.0 * step), 1e-6)
            << c.name << ", input " << k << ", number " << i;
      }
    }
  }
}

// What is not among them lets none through.
TEST(Operation, EveryOtherOneLetsNoGradientThrough) {
  std::set<std::string> seen;
  for (const GradientCase& c : gradient_cases()) seen.insert(c.name);
  for (const std::string_view name : layers::operation_names()) {
    if (seen.contains(std::string(name)) || name == "GetItem") continue;
    layers::OperationOptions options{.axis = {1}, .dtype = "float64"};
    const bool two = name.find("qual") != std::string::npos || name == "Greater" ||
                     name == "Less" || name == "FloorDivide" ||
                     (name.starts_with("Logical") && name != "LogicalNot");
    if (two) options.arguments = {std::nullopt, 0.5};
    const LayerPtr layer = layers::Operation(name, options);
    const test::LayerInput input{noise({2, 3}, 1, DType::float64)};
    const Tensor y = run_layer(*layer, input).values[0];
    const test::LayerGradient gradient =
        differentiate(*layer, input, {Tensor(y.shape(), DType::float64)});
    for (const double each : numbers(gradient.inputs[0])) EXPECT_EQ(each, 0.0) << name;
  }
}

TEST(Operation, TypesFollowTheArguments) {
  const auto type = [](const LayerPtr& layer, const Tensor& x) {
    return run_layer(*layer, {x}).values[0].dtype();
  };
  const Tensor ids({1, 3}, std::vector<std::int32_t>{1, 2, 3});
  EXPECT_EQ(type(layers::Operation("Add", {.arguments = {std::nullopt, 1}}), ids), DType::int32);
  EXPECT_EQ(type(layers::Operation("Add", {.arguments = {std::nullopt, 1.0}}), ids),
            DType::float32);
  EXPECT_EQ(type(layers::Operation("Divide", {.arguments = {std::nullopt, 2}}), ids),
            DType::float32);
  EXPECT_EQ(type(layers::Operation("Argmax", {.axis = {-1}}), noise({2, 3}, 1)), DType::int32);
  EXPECT_EQ(type(layers::Operation("Cast", {.to = "bool"}), ids), DType::boolean);
  EXPECT_EQ(type(layers::Operation("Cast", {.to = "float16"}), ids), DType::float32);
}

TEST(Operation, KeepsTheBatchInFront) {
  const Symbol x = Input({.shape = {4, 3}});
  for (const auto& [name, options] : std::vector<std::pair<const char*, layers::OperationOptions>>{
           {"Sum", {.axis = {0}}},
           {"Mean", {}},
           {"Transpose", {}},
           {"Flip", {}},
           {"Softmax", {.axis = {0}}},
           {"Squeeze", {.axis = {1}}},
           {"Reshape", {.sizes = {-1, -1}}},
           {"Reshape", {.sizes = {}}},
           {"Reshape", {.sizes = {-1, 5}}},
           {"Reshape", {.sizes = {-7, 12}}},
           {"Stack", {}},
           {"Transpose", {.sizes = {0, 1, 1}}},
           {"Transpose", {.sizes = {0, 1}}},
           {"BroadcastTo", {.sizes = {-1, 5, 3}}},
           {"Cast", {.to = "string"}},
           {"Cumsum", {}},
           {"ExpandDims", {.axis = {1, 2, 3, 4, 5, 6}}},
           {"Round", {.settings = {{"places", 1.0}}}}}) {
    EXPECT_NE(
        error_of([&, &name = name, &options = options] { layers::Operation(name, options)(x); }),
        "no error")
        << name;
  }
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
