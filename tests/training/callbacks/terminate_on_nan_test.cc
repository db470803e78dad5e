// TerminateOnNaN, driven by logs that the tests make up.
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(TerminateOnNaN, StopsAtTheBatch) {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    Sequential model;
    const CallbackPtr callback = callbacks::TerminateOnNaN();
    callback->set_model(&model);
    Logs logs{{"loss", 1.0}};
    callback->on_train_batch_end(0, logs);
    EXPECT_FALSE(model.stop_training);
    logs["loss"] = bad;
    ::testing::internal::CaptureStdout();
    callback->on_train_batch_end(7, logs);
    EXPECT_EQ(::testing::internal::GetCapturedStdout(),
              "Batch 7: Invalid loss, terminating training\n");
    EXPECT_TRUE(model.stop_training);
  }
}

// A run that goes on amid its third epoch never saw it begin.
TEST(TerminateOnNaN, SaysWhichEpochAndBatchItWas) {
  Sequential model;
  Logs logs{{"loss", 1.0}};
  const CallbackPtr before = callbacks::TerminateOnNaN(true);
  before->on_epoch_begin(2, logs);
  const CallbackPtr callback = callbacks::TerminateOnNaN(true);
  callback->set_model(&model);
  callback->set_state(before->state());
  logs["loss"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(test::error_of([&] { callback->on_train_batch_end(7, logs); }),
            "training has become NaN at batch 8 in epoch 3: the loss is nan: lower the learning "
            "rate, clip the gradients, or look at the data");
}

}  // namespace
}  // namespace chronicler
