// Training that becomes NaN: fit goes on as Keras's does, and says where it was.
#include "training/not_finite.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

Sequential learner(double rate) {
  set_random_seed(3);
  Sequential model({layers::LSTM({.units = 3, .name = "reader", .input_shape = Shape{4, 2}}),
                    layers::Dense({.units = 1, .name = "head"})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = rate}), .loss = "mse"});
  return model;
}

Tensor x() { return noise({8, 4, 2}, 1); }
Tensor y() { return noise({8, 1}, 2); }

TEST(NotFinite, FitSaysAtWhichBatchAndInWhichLayer) {
  Sequential model = learner(1e30);
  const FitOptions fit{.batch_size = 4, .epochs = 3, .verbose = 0, .shuffle = false};
  const History history = model.fit(x(), y(), fit);
  EXPECT_EQ(history.epoch.size(), 3U);  // as Keras
  EXPECT_FALSE(std::isfinite(history.history.at("loss").back()));
  EXPECT_TRUE(history.not_finite.starts_with("at batch 2 of 2 in epoch 1: the loss is "))
      << history.not_finite;
  EXPECT_TRUE(history.not_finite.ends_with("only what the loss makes of them is not"))
      << history.not_finite;
}

TEST(NotFinite, NothingIsSaidOfNumbers) {
  Sequential model = learner(0.1);
  EXPECT_EQ(model.fit(x(), y(), {.epochs = 2, .verbose = 0}).not_finite, "");
  EXPECT_EQ(model.evaluate(x(), y(), {.verbose = 0}).not_finite, "");
}

// No batch sees what the last step has done.
TEST(NotFinite, LastStepCounts) {
  Sequential model = learner(1e38);
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 3e38}), .loss = "mse"});
  const Tensor far = noise({8, 1}, 2);
  for (float& value : far.span<float>()) value *= 1e3F;
  const History history = model.fit(x(), far, {.batch_size = 8, .epochs = 1, .verbose = 0});
  EXPECT_TRUE(std::isfinite(history.history.at("loss").back()));
  EXPECT_EQ(history.not_finite,
            "after the last step: weight \"kernel\" of LSTM \"reader\" is not finite");
}

TEST(NotFinite, WeightIsNamedInModelsInside) {
  Sequential inside({layers::Dense({.units = 2, .name = "deep", .input_shape = Shape{2}})});
  const Symbol take = Input({.shape = {2}});
  Functional model(take, layers::Dense({.units = 1})(inside(Symbols(take))));
  std::vector<Tensor> weights = model.get_weights();
  EXPECT_EQ(first_weight_not_finite(model), "");
  weights[1].fill(std::numeric_limits<double>::quiet_NaN());
  model.set_weights(weights);
  EXPECT_EQ(first_weight_not_finite(model), "weight \"bias\" of Dense \"deep\"");
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Results results = model.evaluate(noise({4, 2}, 1), noise({4, 1}, 2), {.verbose = 0});
  EXPECT_EQ(results.not_finite,
            "the loss is nan, and weight \"bias\" of Dense \"deep\" is not finite");
}

TEST(NotFinite, OutputsAreNamedWhereWeightsAreFinite) {
  Sequential model(
      {layers::Dense({.units = 2, .name = "first", .input_shape = Shape{2}}),
       layers::Activation(layers::ActivationOptions{.activation = "exponential", .name = "power"}),
       layers::Dense({.units = 1})});
  std::vector<Tensor> weights = model.get_weights();
  weights[1].fill(1000.0);
  model.set_weights(weights);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Results results = model.evaluate(noise({4, 2}, 1), noise({4, 1}, 2), {.verbose = 0});
  EXPECT_NE(results.not_finite.find("the outputs of Activation \"power\" are not finite, though"),
            std::string::npos)
      << results.not_finite;
}

TEST(NotFinite, TerminateOnNaNThrowsWhere) {
  Sequential model = learner(1e30);
  const FitOptions fit{.batch_size = 4,
                       .epochs = 3,
                       .verbose = 0,
                       .callbacks = {callbacks::TerminateOnNaN(true)},
                       .shuffle = false};
  const std::string error = error_of([&] { model.fit(x(), y(), fit); });
  EXPECT_TRUE(error.starts_with("training has become NaN at batch 2 in epoch 1: the loss is "))
      << error;
}

}  // namespace
}  // namespace chronicler
