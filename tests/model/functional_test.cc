#include "chronicler/model/functional.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::close_to;
using test::error_of;
using test::noise;
using test::same_bits;

std::string names_of(const Model& model) {
  std::string names;
  for (const LayerPtr& layer : model.layers()) names += (names.empty() ? "" : " ") + layer->name();
  return names;
}

Functional encoder_decoder() {
  const Symbol source = Input({.shape = {6, 4}, .name = "source"});
  const Symbol target = Input({.shape = {5, 3}, .name = "target"});
  const Symbols encoded =
      layers::LSTM({.units = 5, .return_state = true, .name = "encoder"})(source);
  const Symbol decoded = layers::LSTM({.units = 5, .return_sequences = true, .name = "decoder"})(
      target, {.initial_state = encoded.from(1)});
  const Symbol y = layers::Dense({.units = 4, .activation = "softmax", .name = "words"})(decoded);
  return Functional({source, target}, {y}, "translator");
}

TEST(Functional, OrdersLayersByDepth) {
  EXPECT_EQ(names_of(encoder_decoder()), "source target encoder decoder words");
  // The decoder's input may come first: both inputs hang on the decoder and the encoder.
  const Symbol a = Input({.shape = {3}, .name = "a"});
  const Symbol b = Input({.shape = {3}, .name = "b"});
  const Symbol late = layers::Dense({.units = 3, .name = "late"})(a);
  const Symbol early = layers::Dense({.units = 3, .name = "early"})(
      layers::Dense({.units = 3, .name = "earliest"})(b));
  EXPECT_EQ(names_of(Functional({a, b}, {late, early})), "b a earliest late early");
}

TEST(Functional, RunsAsTheChainOfItsLayers) {
  const Symbol x = Input({.shape = {None, 4}});
  const LayerPtr lstm = layers::LSTM({.units = 3});
  const LayerPtr dense = layers::Dense({.units = 2});
  Functional model({x}, {dense(lstm(x))});
  Sequential chain({lstm, dense});
  const Tensor data = noise({5, 6, 4}, 1);
  EXPECT_TRUE(same_bits(model(data), chain(data)));
  EXPECT_TRUE(same_bits(model.predict(data), chain.predict(data)));
  EXPECT_EQ(model.output_shape().to_string(), "(None, 2)");
  EXPECT_EQ(model.get_weights().size(), 5U);
}

TEST(Functional, TakesSeveralInputs) {
  Functional model = encoder_decoder();
  const Tensor a = noise({8, 6, 4}, 1);
  const Tensor b = noise({8, 5, 3}, 2);
  const std::vector<Tensor> y = model.predict({a, b}, {.batch_size = 3});
  ASSERT_EQ(y.size(), 1U);
  EXPECT_EQ(y[0].shape(), (Shape{8, 5, 4}));
  EXPECT_TRUE(same_bits(model(std::vector{a, b})[0], y[0]));
  EXPECT_EQ(error_of([&] { model.predict({a}); }),
            "model \"translator\" has 2 inputs, got 1: give them in the order of the model's "
            "inputs: {a, b}");
  EXPECT_EQ(error_of([&] {
              model.predict({b, a});
            }),
            "input 0 (\"source\") of model \"translator\" must have shape (None, 6, 4), got (8, 5, "
            "3): change the "
            "data or the model's input shape");
}

TEST(Functional, StatesFlowFromEncoderToDecoder) {
  Functional model = encoder_decoder();
  Tensor a = noise({2, 6, 4}, 1);
  const Tensor b = noise({2, 5, 3}, 2);
  const Tensor before = model(std::vector{a, b})[0];
  a.as<float>()[0] += 1.0F;
  const Tensor after = model(std::vector{a, b})[0];
  EXPECT_FALSE(same_bits(after.rows(0, 1), before.rows(0, 1)));
  EXPECT_TRUE(same_bits(after.rows(1, 2), before.rows(1, 2)));
}

TEST(Functional, LearnsWithSeveralInputs) {
  Functional model = encoder_decoder();
  model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
  const Tensor a = noise({8, 6, 4}, 1);
  const Tensor b = noise({8, 5, 3}, 2);
  const Tensor y = noise({8, 5, 4}, 3);
  const History history =
      model.fit({a, b}, y, {.batch_size = 4, .epochs = 5, .verbose = 0, .validation_split = 0.25});
  EXPECT_LT(history.history.at("loss").back(), history.history.at("loss").front());
  EXPECT_EQ(history.history.at("val_mae").size(), 5U);
}

TEST(Functional, LogsSeveralOutputsByName) {
  const Symbol x = Input({.shape = {4}});
  const LayerPtr shared = layers::Dense({.units = 3, .activation = "tanh"});
  const Symbol h = shared(x);
  const Symbol main = layers::Dense({.units = 1, .name = "main"})(h);
  const Symbol side = layers::Dense({.units = 2, .name = "side"})(h);
  Functional model({x}, {main, side});
  model.compile({.optimizer = "sgd",
                 .losses = {{"main", "mse"}, {"side", "mae"}},
                 .loss_weights = {{"side", 0.5}},
                 .output_metrics = {{"side", {"mse"}}}});
  const Tensor data = noise({6, 4}, 1);
  const Tensor y0 = noise({6, 1}, 2);
  const Tensor y1 = noise({6, 2}, 3);
  const Results results = model.evaluate(data, {y0, y1}, {.verbose = 0});
  EXPECT_EQ(results.names,
            (std::vector<std::string>{"loss", "main_loss", "side_loss", "side_mse"}));
  EXPECT_NEAR(results["loss"], results["main_loss"] + 0.5 * results["side_loss"], 1e-6);
  model.fit(data, {y0, y1}, {.epochs = 20, .verbose = 0});
  EXPECT_LT(model.evaluate(data, {y0, y1}, {.verbose = 0}).loss(), results.loss());
  EXPECT_EQ(error_of([&] { model.evaluate(data, y0, {.verbose = 0}); }),
            "model \"" + model.name() +
                "\" has 2 outputs, got 1 tensors of targets: give y in the order of the model's "
                "outputs: {a, b}");
}

TEST(Functional, ASharedLayerHasOneSetOfWeights) {
  const Symbol a = Input({.shape = {3}, .name = "a"});
  const Symbol b = Input({.shape = {3}, .name = "b"});
  const LayerPtr twin = layers::Dense({.units = 2, .name = "twin"});
  Functional model({a, b}, {twin(a), twin(b)});
  EXPECT_EQ(model.count_params(), 8);
  EXPECT_EQ(model.output_names(), (std::vector<std::string>{"twin", "twin_1"}));
  const Tensor x = noise({4, 3}, 1);
  const std::vector<Tensor> y = model(std::vector{x, x});
  EXPECT_TRUE(same_bits(y[0], y[1]));
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.train_on_batch({x, x}, {noise({4, 2}, 2), noise({4, 2}, 3)});
}

TEST(Functional, ModelsMayShareLayers) {
  const Symbol x = Input({.shape = {3}});
  const Symbol h = layers::Dense({.units = 2})(x);
  const Symbol y = layers::Dense({.units = 1})(h);
  Functional whole({x}, {y});
  Functional part({x}, {h});
  const Tensor data = noise({4, 3}, 1);
  const Tensor before = part(data);
  whole.compile({.optimizer = "sgd", .loss = "mse"});
  whole.train_on_batch(data, noise({4, 1}, 2));
  EXPECT_FALSE(same_bits(part(data), before)) << "the shared layer was not trained";
  part.compile({.optimizer = "sgd", .loss = "mse"});
  part.train_on_batch(data, noise({4, 2}, 2));
  whole.train_on_batch(data, noise({4, 1}, 2));  // gradients moved away and back
}

TEST(Functional, AnyValueMayBeAnInput) {
  const Symbol x = Input({.shape = {3}});
  const Symbol h = layers::Dense({.units = 2})(x);
  const LayerPtr head = layers::Dense({.units = 1});
  const Symbol y = head(h);
  Functional tail({h}, {y});
  EXPECT_EQ(tail.input_shape().to_string(), "(None, 2)");
  EXPECT_EQ(tail.count_params(), 3);
  EXPECT_EQ(error_of([&] { Functional(Symbols(h), Symbols(x)); }).substr(0, 24),
            "an output depends on \"in");
}

TEST(Functional, ModelsAreLayersOfModels) {
  Sequential inner({layers::Input({3, 2}), layers::LSTM({.units = 4, .name = "inner_lstm"}),
                    layers::Dense({.units = 2, .name = "inner_dense"})},
                   "inner");
  const Symbol a = Input({.shape = {3, 2}});
  const Symbol b = Input({.shape = {3, 2}});
  const Symbol y0 = inner(a);
  const Symbol y1 = inner(b);
  Functional model({a, b}, {y0, y1});
  EXPECT_EQ(model.count_params(), inner.count_params());
  const Tensor x = noise({4, 3, 2}, 1);
  EXPECT_TRUE(same_bits(model(std::vector{x, x})[1], inner(x)));
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor y = noise({4, 2}, 2);
  const double first = model.train_on_batch({x, x}, {y, y}).loss();
  EXPECT_LT(model.train_on_batch({x, x}, {y, y}).loss(), first);
  EXPECT_TRUE(same_bits(model(std::vector{x, x})[1], inner(x))) << "weights are shared";
  EXPECT_EQ(model.get_layer("inner")->weight_path(0), "layers/lstm/cell/vars/0");
  EXPECT_EQ(model.get_layer("inner")->weight_path(3), "layers/dense/vars/0");
}

TEST(Functional, MasksFollowKeras) {
  // An encoder's states given to a decoder hide the mask that its embedding made.
  const Symbol ids = Input({.shape = {4}, .dtype = "int32", .name = "ids"});
  const Symbol state = Input({.shape = {3}, .name = "state"});
  const LayerPtr embedding =
      layers::Embedding({.input_dim = 5, .output_dim = 2, .mask_zero = true});
  const LayerPtr gru = layers::GRU({.units = 3, .return_sequences = true});
  const Symbol embedded = embedding(ids);
  const Symbol mask = Input({.shape = {4}, .dtype = "bool", .name = "mask"});
  Functional hidden({ids, state}, {gru(embedded, {.initial_state = state})});
  Functional shown({ids, state, mask}, {gru(embedded, {.initial_state = state, .mask = mask})});
  Functional attached({ids}, {gru(embedded)});

  const Tensor x({1, 4}, std::vector<std::int32_t>{1, 2, 0, 0});
  const Tensor zero({1, 3});
  const Tensor all({1, 4}, std::vector<float>{1, 1, 1, 1});
  const Tensor two({1, 4}, std::vector<float>{1, 1, 0, 0});
  const Tensor unmasked = hidden(std::vector{x, zero})[0];
  EXPECT_TRUE(same_bits(shown(std::vector{x, zero, all})[0], unmasked));
  EXPECT_TRUE(same_bits(shown(std::vector{x, zero, two})[0], attached(x)));
  EXPECT_FALSE(same_bits(attached(x), unmasked));
}

TEST(Functional, AGraphIsDataAndBack) {
  Functional model = encoder_decoder();
  const Graph graph = model.graph();
  ASSERT_EQ(graph.calls.size(), 3U);
  EXPECT_EQ(graph.calls[1].layer, "decoder");
  EXPECT_EQ(graph.calls[1].inputs[0].layer, "target");
  ASSERT_EQ(graph.calls[1].initial_state.size(), 2U);
  EXPECT_EQ(graph.calls[1].initial_state[1].layer, "encoder");
  EXPECT_EQ(graph.calls[1].initial_state[1].tensor, 2);
  Functional copy = model.clone();
  EXPECT_EQ(names_of(copy), names_of(model));
  const Tensor a = noise({2, 6, 4}, 1);
  const Tensor b = noise({2, 5, 3}, 2);
  EXPECT_TRUE(same_bits(copy(std::vector{a, b})[0], model(std::vector{a, b})[0]));
  for (Parameter* parameter : copy.parameters()) parameter->value.fill(0.0);
  EXPECT_FALSE(same_bits(copy(std::vector{a, b})[0], model(std::vector{a, b})[0]));

  Graph broken = graph;
  broken.calls.erase(broken.calls.begin());
  EXPECT_EQ(error_of([&] { Functional{broken}; }),
            "layer \"decoder\" is called on something that is never computed: an input of the "
            "graph is missing, or the graph goes round in a circle");
}

TEST(Functional, NamesMustDiffer) {
  const Symbol x = Input({.shape = {3}, .name = "x"});
  const Symbol y = layers::Dense({.units = 1, .name = "x"})(x);
  EXPECT_EQ(error_of([&] { Functional({x}, {y}, "twice"); }),
            "model \"twice\" has two layers named \"x\": names must be unique within a model: give "
            "one of them another");
}

TEST(Functional, CanBeStreamed) {
  const Symbol x = Input({.shape = {None, 2}});
  const Symbol h = layers::GRU({.units = 3, .return_sequences = true})(x);
  Functional model({x}, {layers::Dense({.units = 1})(h)});
  const Tensor data = noise({1, 4, 2}, 1);
  const Tensor whole = model(data);
  Stream stream = model.stream();
  for (std::size_t step = 0; step < 4; ++step)
    EXPECT_EQ(stream.step({data.as<float>() + 2 * step, 2})[0], whole.as<float>()[step]);
}

// In a list of masks an empty one says that every step counts, whatever mask comes along.
TEST(FunctionalMasks, AnEmptyMaskIsNone) {
  const Symbol x = Input({.shape = {4, 3}, .name = "x"});
  const Symbol masked = layers::Masking()(x);
  const LayerPtr lstm = layers::LSTM({.units = 2, .name = "lstm"});
  const Symbol with = lstm(masked);
  const Symbol without = lstm(masked, {.mask = Symbols({Symbol()})});
  const Symbol plain = lstm(x);
  Functional model({x}, {with, without, plain});
  Tensor data = test::noise({1, 4, 3}, 1);
  for (std::size_t i = 6; i < 12; ++i) data.as<float>()[i] = 0.0F;
  const std::vector<Tensor> y = model(std::vector<Tensor>{data});
  EXPECT_TRUE(test::same_bits(y[1], y[2]));
  EXPECT_FALSE(test::same_bits(y[0], y[1]));
}

}  // namespace
}  // namespace chronicler
