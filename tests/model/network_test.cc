#include "model/network.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "model/model_internals.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

constexpr Execution::Mode keep{.keep = true};

// Two branches from one input that meet in a layer which is used twice: (x -> a -> shared),
// (x -> shared).
struct Branches {
  Network network;
  LayerPtr first = layers::Dense({.units = 3, .activation = "tanh"});
  LayerPtr shared = layers::Dense({.units = 2});
  int first_node;
  int left;
  int right;

  Branches() {
    network.reset({{None, 3}});
    first_node = network.add(first, {0});
    left = network.add(shared, {output_of(first_node)});
    right = network.add(shared, {0});
    network.set_outputs({output_of(left), output_of(right)});
    network.gather_parameters();
    network.make_gradients();
  }
  int output_of(int node) const {
    return network.nodes()[static_cast<std::size_t>(node)].first_output;
  }
};

TEST(Network, NumbersItsValues) {
  const Branches branches;
  EXPECT_EQ(branches.network.value_count(), 4);
  EXPECT_EQ(branches.network.value_shape(0).to_string(), "(None, 3)");
  EXPECT_EQ(branches.network.value_shape(3).to_string(), "(None, 2)");
  EXPECT_TRUE(branches.network.built());
  const std::vector<Shape> shapes = branches.network.output_shapes({{7, 3}});
  ASSERT_EQ(shapes.size(), 2U);
  EXPECT_EQ(shapes[1].to_string(), "(7, 2)");
}

TEST(Network, CountsASharedLayerOnce) {
  const Branches branches;
  EXPECT_EQ(branches.network.parameters().size(), 4U);
}

TEST(Network, PutsWeightsSideBySide) {
  const Branches branches;
  const std::vector<Parameter*> parameters = branches.network.parameters();
  const auto* begin = static_cast<const std::byte*>(parameters[0]->value.view().raw());
  const auto* gradients = static_cast<const std::byte*>(parameters[0]->gradient.view().raw());
  for (const Parameter* parameter : parameters) {
    const auto* place = static_cast<const std::byte*>(parameter->value.view().raw());
    EXPECT_LT(place - begin, 1024);
    EXPECT_EQ((place - begin) % 64, 0);
    EXPECT_EQ(static_cast<const std::byte*>(parameter->gradient.view().raw()) - gradients,
              place - begin);
  }
}

TEST(Network, GatheringKeepsTheNumbers) {
  const LayerPtr layer = layers::Dense({.units = 3});
  Network network;
  network.reset({{None, 4}});
  network.set_outputs({network.add(layer, {0}) + 1});
  const Tensor before = layer->parameters()[0].value.clone();
  network.gather_parameters();
  EXPECT_TRUE(same_bits(layer->parameters()[0].value, before));
}

TEST(Network, RefusesMixedTypes) {
  Sequential model;
  EXPECT_EQ(error_of([] {
              Sequential({layers::Dense({.units = 2, .input_shape = Shape{3}}),
                          layers::Dense({.units = 2, .dtype = "float64"})});
            }),
            "a model's layers must all have one dtype, got float32 and float64: set dtype on every "
            "layer or on none");
}

TEST(Execution, GradientsOfBranchesAddUp) {
  Branches branches;
  Execution execution(branches.network);
  const Tensor x = noise({5, 3}, 1);
  const Value input{x, {}};
  const Tensor one = noise({5, 2}, 2);
  const Tensor two = noise({5, 2}, 3);
  const auto gradients = [&](bool left, bool right) {
    execution.forward(std::span(&input, 1), keep);
    branches.network.zero_gradients();
    const std::vector<TensorView> flowing{left ? one.view() : TensorView(),
                                          right ? two.view() : TensorView()};
    execution.backward(flowing, true);
    std::vector<Tensor> all{own(execution.input_gradient())};
    for (const Parameter* parameter : branches.network.parameters())
      all.push_back(parameter->gradient.clone());
    return all;
  };
  const std::vector<Tensor> left = gradients(true, false);
  const std::vector<Tensor> right = gradients(false, true);
  const std::vector<Tensor> both = gradients(true, true);
  for (std::size_t i = 0; i < both.size(); ++i) {
    std::vector<double> sum = test::numbers(left[i]);
    const std::vector<double> other = test::numbers(right[i]);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += other[k];
    EXPECT_TRUE(test::close_to(both[i], Tensor(both[i].shape(), sum), 1e-5)) << i;
  }
}

TEST(Execution, MakesNoGradientThatNobodyWants) {
  Branches branches;
  Execution execution(branches.network);
  const Tensor x = noise({5, 3}, 1);
  const Value input{x, {}};
  execution.forward(std::span(&input, 1), keep);
  const Tensor dy = noise({5, 2}, 2);
  const std::vector<TensorView> flowing{dy, dy};
  execution.backward(flowing);
  EXPECT_FALSE(execution.input_gradient());
}

// A frozen layer gets no gradient but lets one through to the layers before it.
TEST(Execution, GradientsPassThroughFrozenLayers) {
  Sequential model({layers::Dense({.units = 3, .input_shape = Shape{4}}),
                    layers::Dense({.units = 2, .trainable = false})});
  ModelInternals::network(model).make_gradients();
  const Tensor x = noise({5, 4}, 1);
  const Value input{x, {}};
  ModelInternals::execution(model).forward(std::span(&input, 1), keep);
  const Tensor dy = noise({5, 2}, 2);
  const TensorView flowing = dy;
  ModelInternals::execution(model).backward(std::span(&flowing, 1));
  EXPECT_TRUE(same_bits(model.layers()[1]->parameters()[0].gradient, Tensor({3, 2})));
  EXPECT_FALSE(same_bits(model.layers()[0]->parameters()[0].gradient, Tensor({4, 3})));
}

TEST(Execution, SeveralMayRunOverOneNetwork) {
  const Branches branches;
  Execution a(branches.network);
  Execution b(branches.network);
  const Tensor x = noise({5, 3}, 1);
  const Tensor y = noise({2, 3}, 2);
  const Value one{x, {}};
  const Value two{y, {}};
  a.forward(std::span(&one, 1), {});
  const Tensor alone = own(a.output().data);
  b.forward(std::span(&two, 1), {});
  EXPECT_TRUE(same_bits(a.output().data, alone));
}

TEST(Execution, RefusesAWrongNumberOfInputs) {
  const Branches branches;
  Execution execution(branches.network);
  EXPECT_EQ(error_of([&] { execution.forward({}, {}); }), "the model has 1 inputs, got 0");
}

TEST(Execution, PenaltiesOfActivitiesAreDividedByTheBatch) {
  Sequential model({layers::Dense(
      {.units = 2, .activity_regularizer = regularizers::L2(0.5), .input_shape = Shape{3}})});
  const Tensor x = noise({4, 3}, 1);
  const Value input{x, {}};
  ModelInternals::execution(model).forward(std::span(&input, 1), {});
  double squares = 0.0;
  for (const double y : test::numbers(ModelInternals::execution(model).output().data))
    squares += y * y;
  EXPECT_NEAR(ModelInternals::execution(model).activity_penalty(), 0.5 * squares / 4.0, 1e-6);
}

TEST(Execution, SaysWhereAMaskEnds) {
  Sequential model({layers::Masking({.input_shape = Shape{2, 3}}),
                    layers::Flatten({.name = "flat"}), layers::Dense({.units = 1})});
  ::testing::internal::CaptureStderr();
  model(noise({1, 2, 3}, 1));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: layer \"flat\" (Flatten) does not support masking; the mask ends here\n");
}

}  // namespace
}  // namespace chronicler
