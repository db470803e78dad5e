// ReduceLROnPlateau and LearningRateScheduler, driven by logs that the tests make up.
#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "model/model_internals.h"
#include "support/conformance.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

using test::error_of;

class LearningRateCallbacks : public ::testing::Test {
 protected:
  LearningRateCallbacks() {
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = "mse"});
  }
  // The learning rate after each epoch with these values of val_loss.
  std::vector<double> rates(const CallbackPtr& callback, const std::vector<double>& values) {
    callback->set_model(&model);
    Logs logs;
    std::vector<double> rates;
    ::testing::internal::CaptureStdout();
    callback->on_train_begin(logs);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto epoch = static_cast<std::int64_t>(i);
      logs = {{"loss", 0.0}, {"val_loss", values[i]}};
      callback->on_epoch_begin(epoch, logs);
      const double before = rate();
      callback->on_epoch_end(epoch, logs);
      EXPECT_EQ(logs.at("learning_rate"), before) << "the rate that the epoch ran with";
      rates.push_back(rate());
    }
    said = ::testing::internal::GetCapturedStdout();
    return rates;
  }
  double rate() const { return ModelInternals::trainer(model)->optimizer().learning_rate(); }

  Sequential model{{layers::Dense({.units = 1, .input_shape = Shape{1}})}};
  std::string said;
};

TEST_F(LearningRateCallbacks, APlateauReducesTheRate) {
  EXPECT_EQ(rates(callbacks::ReduceLROnPlateau({.factor = 0.5, .patience = 2, .verbose = 1}),
                  {3, 2, 2, 2, 2, 2, 1}),
            (std::vector<double>{1, 1, 1, 0.5, 0.5, 0.25, 0.25}));
  EXPECT_EQ(said,
            "\nEpoch 4: ReduceLROnPlateau reducing learning rate to 0.5.\n"
            "\nEpoch 6: ReduceLROnPlateau reducing learning rate to 0.25.\n");
}

TEST_F(LearningRateCallbacks, SmallGainsAreNone) {
  EXPECT_EQ(rates(callbacks::ReduceLROnPlateau({.factor = 0.5, .patience = 1, .min_delta = 0.5}),
                  {3, 2.8, 2.4}),
            (std::vector<double>{1, 0.5, 0.5}));
}

TEST_F(LearningRateCallbacks, CoolingDownCountsNoEpochs) {
  EXPECT_EQ(rates(callbacks::ReduceLROnPlateau({.factor = 0.5, .patience = 1, .cooldown = 2}),
                  {1, 1, 1, 1, 1, 1}),
            (std::vector<double>{1, 0.5, 0.5, 0.25, 0.25, 0.125}));
}

TEST_F(LearningRateCallbacks, TheRateHasAFloor) {
  EXPECT_EQ(rates(callbacks::ReduceLROnPlateau({.factor = 0.5, .patience = 1, .min_lr = 0.4}),
                  {1, 1, 1, 1}),
            (std::vector<double>{1, 0.5, static_cast<double>(0.4F), static_cast<double>(0.4F)}));
}

TEST_F(LearningRateCallbacks, PlateauOptionsAreChecked) {
  EXPECT_EQ(error_of([] { callbacks::ReduceLROnPlateau({.factor = 1.0}); }),
            "factor of ReduceLROnPlateau must be at least 0 and below 1, got 1");
  EXPECT_EQ(error_of([] { callbacks::ReduceLROnPlateau({.patience = -1}); }),
            "patience of ReduceLROnPlateau must be at least 0, got -1");
}

TEST_F(LearningRateCallbacks, AScheduleSetsTheRate) {
  const auto halve = [](std::int64_t epoch, double now) { return epoch == 0 ? now : now / 2; };
  EXPECT_EQ(rates(callbacks::LearningRateScheduler(halve, 1), {1, 1, 1}),
            (std::vector<double>{1, 0.5, 0.25}));
  EXPECT_EQ(said,
            "\nEpoch 1: LearningRateScheduler setting learning rate to 1.\n"
            "\nEpoch 2: LearningRateScheduler setting learning rate to 0.5.\n"
            "\nEpoch 3: LearningRateScheduler setting learning rate to 0.25.\n");
  EXPECT_EQ(error_of([] { callbacks::LearningRateScheduler({}); }),
            "LearningRateScheduler needs a schedule");
}

}  // namespace
}  // namespace chronicler
