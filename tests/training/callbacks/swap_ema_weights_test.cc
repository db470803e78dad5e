#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "model/network.h"
#include "support/conformance.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

using test::error_of;

Sequential line(bool use_ema) {
  Sequential model({layers::Input({1}),
                    layers::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"})});
  model.compile({.optimizer = optimizers::SGD(
                     {.learning_rate = 0.1, .use_ema = use_ema, .ema_momentum = 0.5}),
                 .loss = "mse"});
  return model;
}

double weight(const Model& model) { return test::numbers(model.get_weights()[0])[0]; }

const Tensor x({1, 1}, std::vector<float>{1});
const Tensor y({1, 1}, std::vector<float>{0});

// The weight goes 1, 0.8, 0.64; its average 0.8, 0.72.
TEST(SwapEmaWeights, EvaluatesTheAverages) {
  Sequential model = line(true);
  model.train_on_batch(x, y);
  model.train_on_batch(x, y);
  EXPECT_NEAR(weight(model), 0.64, 1e-6);
  const CallbackPtr swap = callbacks::SwapEMAWeights();
  const Results results = model.evaluate(x, y, {.verbose = 0, .callbacks = {swap}});
  EXPECT_NEAR(results.loss(), 0.72 * 0.72, 1e-6);
  EXPECT_NEAR(test::numbers(model.predict(x, {.callbacks = {swap}}))[0], 0.72, 1e-6);
  EXPECT_NEAR(weight(model), 0.64, 1e-6);
}

TEST(SwapEmaWeights, ShowsTheAveragesAfterEachEpoch) {
  Sequential model = line(true);
  std::vector<double> seen;
  const CallbackPtr look = callbacks::LambdaCallback(
      {.on_epoch_end = [&](std::int64_t, Logs&) { seen.push_back(weight(model)); }});
  model.fit(x, y,
            {.epochs = 2, .verbose = 0, .callbacks = {callbacks::SwapEMAWeights(true), look}});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_NEAR(seen[0], 0.8, 1e-6);
  EXPECT_NEAR(seen[1], 0.72, 1e-6);
  EXPECT_NEAR(weight(model), 0.72, 1e-6);
}

TEST(SwapEmaWeights, NeedsAverages) {
  Sequential model = line(false);
  model.train_on_batch(x, y);
  EXPECT_EQ(error_of([&] {
              model.evaluate(x, y, {.verbose = 0, .callbacks = {callbacks::SwapEMAWeights()}});
            }),
            "SwapEMAWeights needs an optimizer that has averages of the weights: compile with "
            "use_ema = true, and train before you evaluate");
}

}  // namespace
}  // namespace chronicler
