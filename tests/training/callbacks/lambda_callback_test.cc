#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(LambdaCallback, IsCalledAtItsHooks) {
  Sequential model({layers::Dense({.units = 1, .input_shape = Shape{1}})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  std::string calls;
  model.fit(
      test::noise({4, 1}, 1), test::noise({4, 1}, 2),
      {.batch_size = 2,
       .verbose = 0,
       .callbacks = {callbacks::LambdaCallback({
           .on_epoch_begin = [&](std::int64_t epoch,
                                 Logs&) { calls += "E" + std::to_string(epoch); },
           .on_epoch_end = [&](std::int64_t epoch, Logs&) { calls += "e" + std::to_string(epoch); },
           .on_train_begin = [&](Logs&) { calls += "T"; },
           .on_train_end = [&](Logs&) { calls += "t"; },
           .on_train_batch_begin = [&](std::int64_t batch,
                                       Logs&) { calls += "B" + std::to_string(batch); },
           .on_train_batch_end = [&](std::int64_t batch,
                                     Logs&) { calls += "b" + std::to_string(batch); },
       })}});
  EXPECT_EQ(calls, "TE0B0b0B1b1e0t");
  model.fit(test::noise({4, 1}, 1), test::noise({4, 1}, 2),
            {.verbose = 0, .callbacks = {callbacks::LambdaCallback({})}});
}

}  // namespace
}  // namespace chronicler
