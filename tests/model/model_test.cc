#include "chronicler/model/model.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

Sequential small_model() {
  return Sequential({layers::Dense({.units = 3, .name = "first", .input_shape = Shape{4}}),
                     layers::Dense({.units = 2, .name = "second"})},
                    "small");
}

TEST(Model, GivesAndTakesWeights) {
  Sequential model = small_model();
  const std::vector<Tensor> weights = model.get_weights();
  ASSERT_EQ(weights.size(), 4U);
  EXPECT_EQ(weights[0].shape(), (Shape{4, 3}));
  EXPECT_EQ(weights[1].shape(), (Shape{3}));
  EXPECT_EQ(weights[2].shape(), (Shape{3, 2}));
  EXPECT_EQ(weights[3].shape(), (Shape{2}));

  std::vector<Tensor> others;
  for (const Tensor& weight : weights) others.push_back(noise(weight.shape(), others.size()));
  model.set_weights(others);
  for (std::size_t i = 0; i < others.size(); ++i)
    EXPECT_TRUE(same_bits(model.get_weights()[i], others[i]));
  Tensor copy = model.get_weights()[0];
  copy.fill(0.0);
  EXPECT_TRUE(same_bits(model.get_weights()[0], others[0])) << "get_weights gave the weight itself";
}

TEST(Model, TakesWeightsOfTheOtherType) {
  Sequential model = small_model();
  std::vector<Tensor> weights;
  for (const Tensor& weight : model.get_weights())
    weights.push_back(noise(weight.shape(), 1, DType::float64));
  model.set_weights(weights);
  EXPECT_TRUE(same_bits(model.get_weights()[0], weights[0].to(DType::float32)));
}

TEST(Model, RefusesWeightsThatDoNotFit) {
  Sequential model = small_model();
  std::vector<Tensor> weights = model.get_weights();
  weights[2] = noise({2, 3}, 1);
  EXPECT_EQ(error_of([&] { model.set_weights(weights); }),
            "weight 2 (\"kernel\") of model \"small\" has shape (3, 2), got (2, 3): give them in "
            "the order of get_weights()");
  weights.pop_back();
  EXPECT_EQ(error_of([&] { model.set_weights(weights); }),
            "model \"small\" has 4 weights, got 3: give them in the order of get_weights()");
}

TEST(Model, CountsParameters) {
  Sequential model({layers::Dense({.units = 3, .input_shape = Shape{4}}),
                    layers::Dense({.units = 2, .trainable = false})});
  EXPECT_EQ(model.count_params(), 15 + 8);
  EXPECT_EQ(model.count_trainable_params(), 15);
}

TEST(Model, FindsLayersByName) {
  const Sequential model = small_model();
  EXPECT_EQ(model.get_layer("second"), model.layers()[1]);
  const std::string message = error_of([&] { model.get_layer("secnod"); });
  EXPECT_TRUE(message.starts_with("unknown layer \"secnod\"")) << message;
  EXPECT_NE(message.find("second"), std::string::npos) << message;
}

TEST(Model, RefusesDataOfAnotherShape) {
  Sequential model = small_model();
  const std::string hint = ": change the data or the model's input shape";
  EXPECT_EQ(error_of([&] {
              model(noise({2, 5}, 1));
            }),
            "input of model \"small\" must have shape (None, 4), got (2, 5)" + hint);
  EXPECT_EQ(error_of([&] {
              model.predict(noise({2, 3, 4}, 1));
            }),
            "input of model \"small\" must have shape (None, 4), got (2, 3, 4)" + hint);
  EXPECT_EQ(error_of([&] {
              model(Tensor({0, 4}));
            }),
            "model \"small\" got no data: x has shape (0, 4): give at least one sample");
  EXPECT_EQ(error_of([&] { model(Tensor()); }),
            "model \"small\" got no data: x has shape (): give at least one sample");
}

// A model that its first data built stays with that rank and those features.
TEST(Model, RefusesOtherDataThanTheFirst) {
  Sequential model({layers::LSTM({.units = 2, .name = "memory"})}, "late");
  model(noise({2, 5, 3}, 1));
  EXPECT_EQ(error_of([&] {
              model(noise({2, 5}, 1));
            }),
            "input of model \"late\" must have shape (None, 5, 3), got (2, 5): change the data or "
            "the model's input shape");
  EXPECT_EQ(error_of([&] {
              model(noise({2, 5, 4}, 1));
            }),
            "LSTM \"memory\": input has 4 features per step, its kernel was built for 3: check the "
            "order and number of the columns");
}

TEST(Model, ComputesWithIntegersAndFlagsAsNumbers) {
  Sequential model = small_model();
  const Tensor ids({1, 4}, std::vector<std::int32_t>{1, 0, -2, 3});
  EXPECT_TRUE(same_bits(model(ids), model(ids.to(DType::float32))));
  const Tensor flags = test::mask_from("1011");
  EXPECT_TRUE(same_bits(model(flags), model(flags.to(DType::float32))));
  EXPECT_TRUE(same_bits(model(ids.to(DType::float64)), model(ids)));
}

TEST(Model, DropoutIsForTraining) {
  Sequential model({layers::Dropout({.rate = 0.5, .seed = 1, .input_shape = Shape{20}})});
  const Tensor x = noise({3, 20}, 1);
  EXPECT_TRUE(same_bits(model(x), x));
  const Tensor first = model(x, true);
  EXPECT_FALSE(same_bits(first, x));
  EXPECT_FALSE(same_bits(model(x, true), first)) << "every call draws anew";
  EXPECT_TRUE(same_bits(model.predict(x), x));
}

// The totals that Keras prints of these models.
TEST(Model, ParameterTotalsAreKeras) {
  const auto total = [](const std::vector<LayerPtr>& layers) {
    return Sequential(layers).count_params();
  };
  const auto simple_rnns = [] {
    return std::vector<LayerPtr>{
        layers::SimpleRNN({.units = 32, .return_sequences = true, .input_shape = Shape{None, 100}}),
        layers::SimpleRNN({.units = 32}), layers::Dense({.units = 10})};
  };
  const auto lstms = [](std::int64_t features) {
    return std::vector<LayerPtr>{
        layers::LSTM({.units = 64, .return_sequences = true, .input_shape = Shape{None, features}}),
        layers::LSTM({.units = 64}), layers::Dense({.units = 10})};
  };
  EXPECT_EQ(total(simple_rnns()), 6666);
  EXPECT_EQ(total(lstms(100)), 75914);
  EXPECT_EQ(total(lstms(28)), 57482);
  EXPECT_EQ(total(lstms(1)), 50570);
  const Shape input{None, 100};
  EXPECT_EQ(total({layers::GRU({.units = 64, .input_shape = input})}), 31872);
  EXPECT_EQ(total({layers::GRU({.units = 64, .reset_after = false, .input_shape = input})}), 31680);
  const Sequential model(simple_rnns());
  EXPECT_EQ(model.layers()[0]->count_params(), 4256);
  EXPECT_EQ(model.layers()[1]->count_params(), 2080);
  EXPECT_EQ(model.layers()[2]->count_params(), 330);
}

TEST(Model, SummaryCountsTheOptimizerOnceItHasVariables) {
  Sequential model(
      {layers::SimpleRNN({.units = 32, .return_sequences = true, .input_shape = Shape{None, 100}}),
       layers::SimpleRNN({.units = 32}), layers::Dense({.units = 10})});
  EXPECT_NE(model.summary_text().find(" Total params: 6,666 (26.04 KB)"), std::string::npos);
  model.compile({.optimizer = "adam", .loss = "mse"});
  EXPECT_NE(model.summary_text().find(" Total params: 6,666 (26.04 KB)"), std::string::npos);
  model.train_on_batch(noise({2, 3, 100}, 1), noise({2, 10}, 2));
  const std::string text = model.summary_text();
  EXPECT_NE(text.find(" Total params: 20,000 (78.13 KB)"), std::string::npos) << text;
  EXPECT_NE(text.find(" Trainable params: 6,666 (26.04 KB)"), std::string::npos) << text;
  EXPECT_NE(text.find(" Optimizer params: 13,334 (52.09 KB)"), std::string::npos) << text;
}

TEST(Model, StatesCarryOverUntilReset) {
  Sequential model({layers::GRU({.units = 3, .stateful = true, .input_shape = Shape{None, 2}})});
  const Tensor x = noise({4, 5, 2}, 1);
  const Tensor first = model(x);
  const Tensor second = model(x);
  EXPECT_FALSE(same_bits(first, second));
  model.reset_states();
  EXPECT_TRUE(same_bits(model(x), first));
  EXPECT_TRUE(same_bits(model(x), second));
}

TEST(Model, StatefulBatchesKeepTheirSize) {
  Sequential model({layers::GRU(
      {.units = 3, .stateful = true, .name = "memory", .input_shape = Shape{None, 2}})});
  model(noise({4, 5, 2}, 1));
  EXPECT_EQ(error_of([&] {
              model(noise({3, 5, 2}, 1));
            }),
            "GRU \"memory\" carries the states of a batch of 4, got a batch of 3: use a batch_size "
            "that divides the number of samples, or call reset_states() before");
  model.reset_states();
  model(noise({3, 5, 2}, 1));
}

TEST(Model, AFixedBatchSizeIsKept) {
  Sequential by_input({layers::Input({.shape = {None, 2}, .batch_size = 4}),
                       layers::GRU({.units = 3, .stateful = true})});
  EXPECT_EQ(by_input.output_shape().to_string(), "(4, 3)");
  EXPECT_EQ(error_of([&] {
              by_input(noise({3, 5, 2}, 1));
            }),
            "the model's input has batch size 4, got a batch of 3: use that batch_size, and a "
            "number of samples that it divides");
  // Any number of batches of that size may be given at once.
  EXPECT_EQ(by_input.predict(noise({8, 5, 2}, 1), {.batch_size = 4}).shape(), (Shape{8, 3}));

  Sequential by_layer(
      {layers::GRU({.units = 3, .stateful = true, .name = "memory", .batch_size = 4})});
  EXPECT_EQ(error_of([&] {
              by_layer(noise({3, 5, 2}, 1));
            }),
            "GRU \"memory\" is stateful with batch_size 4, got a batch of 3: use a batch_size that "
            "divides the number of samples");
}

TEST(Model, MovesWithEverything) {
  Sequential model = small_model();
  model.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = noise({2, 4}, 1);
  const Tensor y = noise({2, 2}, 2);
  model.train_on_batch(x, y);
  Sequential stays = model.clone();
  Sequential moved = std::move(model);
  EXPECT_TRUE(same_bits(moved(x), stays(x)));
  moved.train_on_batch(x, y);
  EXPECT_FALSE(same_bits(moved(x), stays(x)));
  EXPECT_EQ(
      error_of([&] { stays.train_on_batch(x, y); }),
      "model \"small\" must be compiled before train_on_batch: call model.compile({.optimizer "
      "= ..., .loss = ...}) first");
}

}  // namespace
}  // namespace chronicler
