// EarlyStopping, driven by logs that the tests make up.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

// A model of one weight, which is the number of the epoch that trained it last.
class EarlyStopping : public ::testing::Test {
 protected:
  // Plays the epochs; the one after which training stopped, or -1.
  std::int64_t stops_after(callbacks::EarlyStoppingOptions options,
                           const std::vector<double>& values) {
    options.monitor = "val_metric";
    const CallbackPtr callback = callbacks::EarlyStopping(options);
    return play(*callback, values);
  }

  std::int64_t play(Callback& callback, const std::vector<double>& values) {
    Logs logs;
    callback.set_model(&model);
    model.stop_training = false;
    callback.on_train_begin(logs);
    std::int64_t stopped = -1;
    for (std::size_t i = 0; i < values.size() && stopped < 0; ++i) {
      const auto epoch = static_cast<std::int64_t>(i);
      model.set_weights({Tensor({1, 1}, std::vector<float>{static_cast<float>(epoch)})});
      logs = {{"loss", 0.0}, {"val_metric", values[i]}};
      callback.on_epoch_end(epoch, logs);
      if (model.stop_training) stopped = epoch;
    }
    ::testing::internal::CaptureStdout();
    callback.on_train_end(logs);
    said = ::testing::internal::GetCapturedStdout();
    return stopped;
  }

  float weight() const { return *model.get_weights()[0].as<float>(); }

  Sequential model{{layers::Dense({.units = 1, .use_bias = false, .input_shape = Shape{1}})}};
  std::string said;
};

TEST_F(EarlyStopping, WaitsForPatience) {
  EXPECT_EQ(stops_after({.mode = "min"}, {3, 2, 2, 1}), 2);
  EXPECT_EQ(stops_after({.patience = 1, .mode = "min"}, {3, 2, 2, 1}), 2);
  EXPECT_EQ(stops_after({.patience = 2, .mode = "min"}, {3, 2, 2, 1, 1, 1}), 5);
  EXPECT_EQ(stops_after({.patience = 2, .mode = "min"}, {3, 2, 1, 0}), -1);
}

TEST_F(EarlyStopping, ModeSaysWhatIsBetter) {
  EXPECT_EQ(stops_after({.patience = 1, .mode = "max"}, {1, 2, 3, 2}), 3);
  EXPECT_EQ(stops_after({.patience = 1, .mode = "min"}, {1, 2, 3, 2}), 1);
  EXPECT_EQ(error_of([&] { stops_after({.mode = "minimum"}, {1}); }),
            "unknown mode of EarlyStopping \"minimum\": did you mean \"min\"?");
}

TEST_F(EarlyStopping, TheDirectionMustBeKnown) {
  EXPECT_EQ(error_of([&] { stops_after({}, {1}); }),
            "EarlyStopping cannot know whether a larger or a smaller \"val_metric\" is better: set "
            "mode to \"max\" or \"min\"");
}

TEST_F(EarlyStopping, LossesGoDownByThemselves) {
  const CallbackPtr callback = callbacks::EarlyStopping({.monitor = "loss"});
  Logs logs{{"loss", 1.0}};
  callback->set_model(&model);
  callback->on_train_begin(logs);
  callback->on_epoch_end(0, logs);
  EXPECT_FALSE(model.stop_training);
  callback->on_epoch_end(1, logs);
  EXPECT_TRUE(model.stop_training);
}

TEST_F(EarlyStopping, SmallStepsAreNoProgress) {
  EXPECT_EQ(stops_after({.min_delta = 0.5, .patience = 2, .mode = "min"}, {3, 2.75, 2.5, 2}), 2);
  EXPECT_EQ(stops_after({.min_delta = -0.5, .patience = 2, .mode = "max"}, {1, 1.25, 1.75, 2}), -1);
}

TEST_F(EarlyStopping, PatienceStartsAnewOnlyBelowTheBaseline) {
  EXPECT_EQ(stops_after({.patience = 3, .mode = "min", .baseline = 1.0}, {5, 4, 3, 3}), 3);
  EXPECT_EQ(stops_after({.patience = 3, .mode = "min", .baseline = 1.0}, {5, 4, 0.5, 3, 3}), -1);
}

TEST_F(EarlyStopping, TheFirstEpochsMayBeLeftOut) {
  EXPECT_EQ(stops_after({.patience = 1, .mode = "min", .start_from_epoch = 3}, {1, 2, 3, 4, 5}), 4);
}

TEST_F(EarlyStopping, RestoresTheBestWeights) {
  stops_after({.patience = 2, .verbose = 1, .mode = "min", .restore_best_weights = true},
              {3, 1, 2, 2, 0});
  EXPECT_EQ(said,
            "Epoch 4: early stopping\n"
            "Restoring model weights from the end of the best epoch: 2.\n");
  EXPECT_EQ(weight(), 1.0F);
}

TEST_F(EarlyStopping, RestoresThemWithoutAnEarlyStopToo) {
  stops_after({.patience = 9, .mode = "max", .restore_best_weights = true}, {1, 3, 2});
  EXPECT_EQ(said, "");
  EXPECT_EQ(weight(), 1.0F);
}

TEST_F(EarlyStopping, NaNNeverLeads) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(
      stops_after({.patience = 2, .mode = "min", .restore_best_weights = true}, {nan, 2, nan, nan}),
      3);
  EXPECT_EQ(weight(), 1.0F);
}

TEST_F(EarlyStopping, BeginsAnewWithEachFit) {
  const CallbackPtr callback =
      callbacks::EarlyStopping({.monitor = "val_metric", .patience = 1, .mode = "min"});
  EXPECT_EQ(play(*callback, {1, 1}), 1);
  EXPECT_EQ(play(*callback, {5, 4, 4}), 2);
}

TEST_F(EarlyStopping, AMissingValueIsAWarning) {
  const CallbackPtr callback = callbacks::EarlyStopping({});
  Logs logs{{"accuracy", 0.5}, {"loss", 1.0}};
  callback->set_model(&model);
  callback->on_train_begin(logs);
  ::testing::internal::CaptureStderr();
  callback->on_epoch_end(0, logs);
  callback->on_epoch_end(1, logs);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: Early stopping conditioned on metric `val_loss` which is not available. "
            "Available metrics are: accuracy,loss\n");
  EXPECT_FALSE(model.stop_training);
}

TEST(EarlyStoppingOptions, PatienceIsNotNegative) {
  EXPECT_EQ(error_of([] { callbacks::EarlyStopping({.patience = -1}); }),
            "patience of EarlyStopping must be at least 0, got -1");
}

}  // namespace
}  // namespace chronicler
