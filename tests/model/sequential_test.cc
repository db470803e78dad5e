#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

TEST(Sequential, IsBuiltByItsFirstData) {
  Sequential model({layers::LSTM({.units = 3}), layers::Dense({.units = 2})}, "late");
  EXPECT_FALSE(model.built());
  const std::string unknown =
      "model \"late\" is not built yet: the shape of its input is not known: give an Input or an "
      "input_shape, call build(shape), or show it data first";
  EXPECT_EQ(error_of([&] { model.get_weights(); }), unknown);
  EXPECT_EQ(error_of([&] { model.count_params(); }), unknown);
  EXPECT_EQ(error_of([&] { model.input_shape(); }), unknown);
  EXPECT_EQ(error_of([&] { model.output_shape(); }), unknown);
  EXPECT_EQ(error_of([&] { model.stream(); }), unknown);
  EXPECT_EQ(model(noise({4, 5, 6}, 1)).shape(), (Shape{4, 2}));
  EXPECT_TRUE(model.built());
  EXPECT_EQ(model.input_shape().to_string(), "(None, 5, 6)");
  EXPECT_EQ(model.output_shape().to_string(), "(None, 2)");
  EXPECT_EQ(model(noise({7, 5, 6}, 1)).shape(), (Shape{7, 2}));
}

TEST(Sequential, IsBuiltByFit) {
  Sequential model({layers::SimpleRNN({.units = 3}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.fit(noise({4, 5, 6}, 1), noise({4, 1}, 2), {.verbose = 0});
  EXPECT_TRUE(model.built());
}

TEST(Sequential, IsBuiltWhenAsked) {
  Sequential model({layers::LSTM({.units = 3})});
  model.build({None, None, 6});
  EXPECT_EQ(model.count_params(), 4 * 3 * (6 + 3 + 1));
  EXPECT_EQ(model(noise({4, 9, 6}, 1)).shape(), (Shape{4, 3}));
  model.build({None, None, 7});  // it is built: nothing happens
  EXPECT_EQ(model.input_shape().to_string(), "(None, None, 6)");
}

TEST(Sequential, IsBuiltAtOnceWithAnInput) {
  const Sequential by_input({layers::Input({None, 6}), layers::LSTM({.units = 3})});
  EXPECT_TRUE(by_input.built());
  EXPECT_EQ(by_input.layers().size(), 1U) << "the Input is not among the layers";
  EXPECT_TRUE(by_input.input());
  const Sequential by_layer({layers::LSTM({.units = 3, .input_shape = Shape{None, 6}})});
  EXPECT_TRUE(by_layer.built());
  EXPECT_FALSE(by_layer.input());
}

TEST(Sequential, GrowsAndShrinks) {
  Sequential model;
  EXPECT_EQ(error_of([&] {
              model.build({None, 3});
            }),
            "model \"" + model.name() + "\" has no layers: add one");
  EXPECT_EQ(error_of([&] { model.pop(); }),
            "model \"" + model.name() + "\" has no layer to remove");
  model.add(layers::Input({3}));
  EXPECT_FALSE(model.built());
  model.add(layers::Dense({.units = 4}));
  EXPECT_EQ(model.output_shape().to_string(), "(None, 4)");
  const Tensor kernel = model.get_weights()[0];
  model.add(layers::Dense({.units = 2}));
  EXPECT_EQ(model.output_shape().to_string(), "(None, 2)");
  EXPECT_TRUE(same_bits(model.get_weights()[0], kernel)) << "the first layer was built anew";
  model.pop();
  EXPECT_EQ(model.output_shape().to_string(), "(None, 4)");
  EXPECT_EQ(model(noise({5, 3}, 1)).shape(), (Shape{5, 4}));
}

// Another layer is another network: what was compiled for the old one does not fit.
TEST(Sequential, MustBeCompiledAgainAfterAChange) {
  Sequential model({layers::Dense({.units = 2, .input_shape = Shape{3}})}, "growing");
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.add(layers::Dense({.units = 1}));
  EXPECT_EQ(error_of([&] {
              model.fit(noise({4, 3}, 1), noise({4, 1}, 2), {});
            }),
            "model \"growing\" must be compiled before fit: call model.compile({.optimizer = ..., "
            ".loss = ...}) first");
}

TEST(Sequential, NamesAreUnique) {
  clear_session();
  const Sequential one({layers::LSTM({.units = 1}), layers::LSTM({.units = 1})});
  const Sequential two({layers::LSTM({.units = 1})});
  EXPECT_EQ(one.name(), "sequential");
  EXPECT_EQ(two.name(), "sequential_1");
  EXPECT_EQ(one.layers()[0]->name(), "lstm");
  EXPECT_EQ(one.layers()[1]->name(), "lstm_1");
  EXPECT_EQ(two.layers()[0]->name(), "lstm_2");
  clear_session();
  EXPECT_EQ(Sequential().name(), "sequential");
  EXPECT_EQ(Sequential({}, "mine").name(), "mine");
}

TEST(Sequential, RefusesANameTwice) {
  EXPECT_EQ(error_of([] {
              Sequential({layers::Dense({.units = 1, .name = "out"}),
                          layers::Dense({.units = 2, .name = "out"})},
                         "twice");
            }),
            "model \"twice\" has a layer named \"out\" already: names must be unique within a "
            "model: give this one another");
}

TEST(Sequential, RefusesAnInputInTheMiddle) {
  EXPECT_EQ(error_of([] {
              Sequential({layers::Dense({.units = 1}), layers::Input({3})}, "late_input");
            }),
            "model \"late_input\": Input must come first and only once");
  EXPECT_EQ(error_of([] {
              Sequential({layers::Input({3}), layers::Input({3})}, "two_inputs");
            }),
            "model \"two_inputs\": Input must come first and only once");
}

TEST(Sequential, RefusesSeveralOutputs) {
  EXPECT_EQ(
      error_of([] {
        Sequential({layers::LSTM(
            {.units = 2, .return_state = true, .name = "memory", .input_shape = Shape{None, 3}})});
      }),
      "LSTM \"memory\" gives 3 outputs, but a Sequential passes on one: set "
      "return_state=false");
}

TEST(Sequential, ASequenceIsNeededForASequenceLayer) {
  EXPECT_EQ(error_of([] {
              Sequential({layers::LSTM({.units = 2, .input_shape = Shape{None, 3}}),
                          layers::LSTM({.units = 2, .name = "second"})});
            }),
            "LSTM \"second\" needs 3-D input (batch, steps, features), got (None, 2): set "
            "return_sequences=true on the layer before it, or give the data a features axis");
}

// A model that could not be built can be mended.
TEST(Sequential, AFailedAddChangesNothing) {
  Sequential model({layers::LSTM({.units = 2, .input_shape = Shape{None, 3}})});
  const Tensor x = noise({2, 4, 3}, 1);
  const Tensor before = model(x);
  EXPECT_NE(error_of([&] { model.add(layers::LSTM({.units = 2})); }), "no error");
  EXPECT_EQ(model.layers().size(), 1U);
  EXPECT_TRUE(same_bits(model(x), before));
  model.add(layers::Dense({.units = 1}));
  EXPECT_EQ(model(x).shape(), (Shape{2, 1}));
}

TEST(Sequential, ClonesShareNothing) {
  Sequential model({layers::Input({None, 3}), layers::LSTM({.units = 2, .stateful = true}),
                    layers::Dense({.units = 1})},
                   "original");
  const Tensor x = noise({2, 4, 3}, 1);
  const Tensor before = model(x);
  Sequential copy = model.clone();
  EXPECT_EQ(copy.name(), "original");
  EXPECT_EQ(copy.layers()[0]->name(), model.layers()[0]->name());
  EXPECT_NE(copy.layers()[0], model.layers()[0]);
  EXPECT_TRUE(same_bits(copy(x), before)) << "states are not copied: the clone starts at zero";
  for (Parameter* parameter : copy.parameters()) parameter->value.fill(0.0);
  model.reset_states();
  EXPECT_TRUE(same_bits(model(x), before));
}

TEST(Sequential, ClonesBeforeItIsBuilt) {
  const Sequential model({layers::Dense({.units = 2})});
  Sequential copy = model.clone();
  EXPECT_FALSE(copy.built());
  copy(noise({2, 3}, 1));
  EXPECT_FALSE(model.built());
  EXPECT_FALSE(model.layers()[0]->built());
}

}  // namespace
}  // namespace chronicler
