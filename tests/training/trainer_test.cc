#include "training/trainer.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "chronicler/training/optimizers/sgd.h"
#include "model/model_internals.h"
#include "support/conformance.h"
#include "training/metrics/metric_direction.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

Sequential regression(const std::string& name = "small") {
  return Sequential({layers::Dense({.units = 2, .input_shape = Shape{3}})}, name);
}

TEST(Trainer, NeedsALoss) {
  Sequential model = regression();
  EXPECT_EQ(error_of([&] { model.compile({.optimizer = "sgd"}); }),
            "compile needs a loss: for instance .loss = \"categorical_crossentropy\"");
}

TEST(Trainer, NamesMustBeKnownWhenCompiling) {
  Sequential model = regression();
  const std::string optimizer =
      error_of([&] { model.compile({.optimizer = "adma", .loss = "mse"}); });
  EXPECT_TRUE(optimizer.starts_with("unknown optimizer \"adma\"")) << optimizer;
  EXPECT_NE(optimizer.find("adam"), std::string::npos) << optimizer;
  const std::string loss = error_of([&] { model.compile({.loss = "mean_square_error"}); });
  EXPECT_TRUE(loss.starts_with("unknown loss \"mean_square_error\"")) << loss;
  EXPECT_NE(loss.find("mean_squared_error"), std::string::npos) << loss;
  const std::string metric =
      error_of([&] { model.compile({.loss = "mse", .metrics = {"acuracy"}}); });
  EXPECT_TRUE(metric.starts_with("unknown metric \"acuracy\"")) << metric;
  EXPECT_NE(metric.find("accuracy"), std::string::npos) << metric;
}

// Compiling takes a fresh optimizer: two models compiled with one object do not share its slots.
TEST(Trainer, OptimizersAreNotShared) {
  const OptimizerPtr adam = optimizers::Adam({.learning_rate = 0.1});
  Sequential one = regression();
  Sequential two = one.clone();
  const Tensor x = noise({4, 3}, 1);
  const Tensor y = noise({4, 2}, 2);
  one.compile({.optimizer = adam, .loss = "mse"});
  two.compile({.optimizer = adam, .loss = "mse"});
  one.train_on_batch(x, y);
  one.train_on_batch(x, y);
  two.train_on_batch(x, y);
  two.train_on_batch(x, y);
  EXPECT_TRUE(same_bits(one.get_weights()[0], two.get_weights()[0]));
  EXPECT_FALSE(adam->built());
}

TEST(Trainer, WeightPenaltiesAreOfWhatLearns) {
  Sequential model({layers::Dense({.units = 1,
                                   .kernel_initializer = "ones",
                                   .kernel_regularizer = regularizers::L2(0.5),
                                   .input_shape = Shape{3}}),
                    layers::Dense({.units = 1,
                                   .kernel_initializer = "ones",
                                   .kernel_regularizer = regularizers::L1(10.0),
                                   .trainable = false})});
  EXPECT_NEAR(weight_penalty(model, false), 1.5, 1e-6);
  ModelInternals::network(model);
}

TEST(Trainer, PenaltiesAreInTheLossOfTrainingAndEvaluation) {
  Sequential model({layers::Dense({.units = 1,
                                   .kernel_initializer = "zeros",
                                   .bias_initializer = initializers::Constant(2.0),
                                   .bias_regularizer = regularizers::L1(0.25),
                                   .activity_regularizer = regularizers::L1(0.5),
                                   .input_shape = Shape{3}})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"});
  const Tensor x = noise({4, 3}, 1);
  Tensor y({4, 1});
  // Data 4, bias penalty .25 * 2, activity penalty .5 * 2 a sample.
  EXPECT_NEAR(model.evaluate(x, y, {.verbose = 0}).loss(), 5.5, 1e-6);
  EXPECT_NEAR(model.test_on_batch(x, y).loss(), 5.5, 1e-6);
  EXPECT_NEAR(model.train_on_batch(x, y).loss(), 5.5, 1e-6);
  // d/dbias = 2 * 2 + .25 + .5.
  EXPECT_NEAR(test::numbers(model.get_weights()[1])[0], 2.0 - 0.1 * 4.75, 1e-6);
}

TEST(Trainer, ConstraintsHoldAfterAStep) {
  Sequential model({layers::Dense({.units = 2,
                                   .kernel_constraint = "non_neg",
                                   .bias_constraint = constraints::MaxNorm(0.01),
                                   .input_shape = Shape{3}})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = "mse"});
  model.train_on_batch(noise({4, 3}, 1), noise({4, 2}, 2));
  for (const double value : test::numbers(model.get_weights()[0])) EXPECT_GE(value, 0.0);
  double squares = 0.0;
  for (const double value : test::numbers(model.get_weights()[1])) squares += value * value;
  EXPECT_LE(std::sqrt(squares), 0.01 + 1e-6);
}

TEST(Trainer, FrozenLayersStay) {
  Sequential model({layers::LSTM({.units = 2, .trainable = false, .input_shape = Shape{None, 3}}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  const std::vector<Tensor> before = model.get_weights();
  model.fit(noise({8, 4, 3}, 1), noise({8, 1}, 2), {.epochs = 3, .verbose = 0});
  const std::vector<Tensor> after = model.get_weights();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(same_bits(before[i], after[i]));
  EXPECT_FALSE(same_bits(before[3], after[3]));
}

TEST(Trainer, KnowsInWhichDirectionAKeyImproves) {
  Sequential model = regression();
  EXPECT_EQ(metric_direction(model, "val_loss"), Direction::down);
  EXPECT_EQ(metric_direction(model, "accuracy"), Direction::unknown) << "nothing is compiled";
  model.compile({.loss = "mse", .metrics = {"mae", "accuracy"}});
  model.train_on_batch(noise({4, 3}, 1), noise({4, 2}, 2));
  EXPECT_EQ(metric_direction(model, "loss"), Direction::down);
  EXPECT_EQ(metric_direction(model, "mae"), Direction::down);
  EXPECT_EQ(metric_direction(model, "val_mae"), Direction::down);
  EXPECT_EQ(metric_direction(model, "val_accuracy"), Direction::up);
  EXPECT_EQ(metric_direction(model, "val_val_loss"), Direction::unknown);
  EXPECT_EQ(metric_direction(model, "speed"), Direction::unknown);
}

TEST(Trainer, ResultsAreFoundByName) {
  Sequential model = regression();
  model.compile({.loss = "mse", .metrics = {"mae"}});
  const Results results = model.test_on_batch(noise({4, 3}, 1), noise({4, 2}, 2));
  EXPECT_EQ(results.names, (std::vector<std::string>{"loss", "mae"}));
  EXPECT_EQ(results["loss"], results.loss());
  EXPECT_EQ(results["mae"], results.values[1]);
  const std::string message = error_of([&] { return results["mea"]; });
  EXPECT_TRUE(message.starts_with("unknown result \"mea\"")) << message;
  EXPECT_NE(message.find("mae"), std::string::npos) << message;
}

// Each call tells about its own batch.
TEST(Trainer, ResultsOfABatchAreOfThatBatch) {
  Sequential model = regression();
  model.compile(
      {.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse", .metrics = {"mse"}});
  const Tensor x = noise({4, 3}, 1);
  const Tensor y = noise({4, 2}, 2);
  const double first = model.test_on_batch(x, y).loss();
  const Results trained = model.train_on_batch(x, y);
  EXPECT_NEAR(trained.loss(), first, 1e-7);
  EXPECT_NEAR(trained["mse"], first, 1e-6);
  const Results second = model.test_on_batch(x, y);
  EXPECT_LT(second.loss(), first);
  EXPECT_NEAR(second["mse"], second.loss(), 1e-6);
}

}  // namespace
}  // namespace chronicler
