#include "training/run_progress.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

Sequential learner() {
  set_random_seed(5);
  Sequential model({layers::Dense({.units = 4, .activation = "tanh", .input_shape = Shape{2}}),
                    layers::Dropout({.rate = 0.1}), layers::Dense({.units = 1})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"});
  return model;
}

Dataset data() {
  return Dataset::from_tensors(noise({20, 2}, 1), noise({20, 1}, 2)).shuffle().batch(4);
}

void expect_equal_weights(const Model& a, const Model& b) {
  const std::vector<Tensor> left = a.get_weights();
  const std::vector<Tensor> right = b.get_weights();
  for (std::size_t i = 0; i < left.size(); ++i)
    EXPECT_TRUE(test::same_bits(left[i], right[i])) << i;
}

CallbackPtr warm() {
  return callbacks::LearningRateOverRun(callbacks::warm_cosine({.learning_rate = 0.1}));
}

TEST(WarmCosine, RisesToTheRateAndFallsToItsEnd) {
  const auto rate =
      callbacks::warm_cosine({.learning_rate = 2.0, .warm_share = 0.1, .start = 0.01, .end = 0.05});
  EXPECT_DOUBLE_EQ(rate(0.0), 0.02);
  EXPECT_NEAR(rate(0.1), 2.0 * (0.05 + 0.95 * 0.5 * (1.0 + std::cos(0.1 * M_PI))), 1e-12);
  EXPECT_DOUBLE_EQ(rate(1.0), 0.1);
}

TEST(RunLimits, EndARunAmidAnEpoch) {
  Sequential model = learner();
  std::vector<double> shares;
  const History history = model.fit(
      data(), {.verbose = 0,
               .callbacks = {callbacks::Report({.seconds = 0.0,
                                                .report =
                                                    [&](const TrainingProgress& now, const Logs&) {
                                                      shares.push_back(now.share);
                                                      return true;
                                                    }})},
               .validation_data = data(),
               .max_epochs = 1.6});
  EXPECT_EQ(history.progress.steps, 8);
  EXPECT_DOUBLE_EQ(history.progress.share, 1.0);
  EXPECT_DOUBLE_EQ(history.progress.epochs, 1.6);
  EXPECT_EQ(history["val_loss"].size(), 2U);  // the second epoch ends like any other
  EXPECT_FALSE(history.is_paused);
  EXPECT_EQ(shares.size(), 10U);  // 8 batches and two epochs
  EXPECT_DOUBLE_EQ(shares.front(), 0.125);

  const History timed = model.fit(data(), {.verbose = 0, .max_seconds = 1e-9});
  EXPECT_EQ(timed.progress.steps, 1);
  EXPECT_DOUBLE_EQ(timed.progress.share, 1.0);
}

TEST(RunLimits, OneBatchIsTheSameAsTheFirstOfMany) {
  Sequential by_limit = learner();
  by_limit.fit(data(), {.verbose = 0, .max_epochs = 0.6});
  Sequential by_take = learner();
  by_take.fit(data(), {.epochs = 1, .verbose = 0, .steps_per_epoch = 3});
  expect_equal_weights(by_limit, by_take);
}

// The learning rate follows the share of the whole run, however often it pauses.
TEST(Pauses, DoNotChangeTheRun) {
  Sequential whole = learner();
  whole.fit(data(), {.epochs = 4, .verbose = 0, .callbacks = {warm()}});
  const test::TemporaryFolder folder;
  const auto run = [&](std::int64_t until) {
    Sequential model = learner();
    const History history =
        model.fit(data(), {.epochs = 4,
                           .verbose = 0,
                           .callbacks = {warm(), callbacks::BackupAndRestore(
                                                     {.filepath = folder.path("run.checkpoint")})},
                           .pause_after = until});
    EXPECT_EQ(history.is_paused, until < 4);
    EXPECT_EQ(std::filesystem::exists(folder.path("run.checkpoint")), until < 4);
    EXPECT_EQ(history.progress.steps, 5 * until);
    return model;
  };
  run(1);
  run(3);
  run(3);  // nothing left to do
  expect_equal_weights(whole, run(4));
}

TEST(Pauses, AreAskedForByAReport) {
  Sequential whole = learner();
  whole.fit(data(), {.epochs = 2, .verbose = 0, .callbacks = {warm()}});
  const test::TemporaryFolder folder;
  Sequential model = learner();
  const auto fit = [&](bool pauses) {
    return model.fit(
        data(),
        {.epochs = 2,
         .verbose = 0,
         .callbacks = {
             warm(),
             callbacks::Report({.seconds = 0.0,
                                .report = [&](const TrainingProgress& now,
                                              const Logs&) { return !pauses || now.steps < 7; }}),
             callbacks::BackupAndRestore({.filepath = folder.path("c")})}});
  };
  EXPECT_TRUE(fit(true).is_paused);
  model = learner();
  EXPECT_FALSE(fit(false).is_paused);
  expect_equal_weights(whole, model);
}

TEST(BestWeights, ArePutBackAtTheEnd) {
  std::vector<std::vector<Tensor>> seen;
  const auto run = [&](const std::vector<double>& values, std::optional<double> initial) {
    Sequential model = learner();
    seen = {model.get_weights()};
    const auto validate =
        callbacks::LambdaCallback({.on_epoch_end = [&](std::int64_t epoch, Logs& logs) {
          logs["val_error"] = values[static_cast<std::size_t>(epoch)];
          seen.push_back(model.get_weights());
        }});
    model.fit(data(),
              {.epochs = static_cast<std::int64_t>(values.size()),
               .verbose = 0,
               .callbacks = {validate, callbacks::BestWeights({.monitor = "val_error",
                                                               .mode = "min",
                                                               .initial_value = initial})}});
    return model.get_weights();
  };
  const auto expect = [&](const std::vector<Tensor>& weights, std::size_t epoch) {
    EXPECT_TRUE(test::same_bits(weights[0], seen[epoch][0]));
  };
  expect(run({3.0, 1.0, 2.0}, {}), 2);
  expect(run({3.0, 1.0, 2.0}, 0.5), 0);
  expect(run({3.0, 1.0, 2.0}, 1.5), 2);
}

TEST(BackupAndRestore, RefusesAnotherRunByWhatDiffers) {
  const test::TemporaryFolder folder;
  const auto fit = [&](const std::vector<std::pair<std::string, std::string>>& identity,
                       const std::string& file = "c") {
    Sequential model = learner();
    model.fit(data(), {.epochs = 4,
                       .verbose = 0,
                       .callbacks = {callbacks::BackupAndRestore(
                           {.filepath = folder.path(file), .identity = identity})},
                       .pause_after = 2});
  };
  fit({{"units", "4"}, {"seed", "1"}});
  fit({{"units", "4"}, {"seed", "1"}});
  EXPECT_EQ(error_of([&] {
              fit({{"units", "8"}, {"seed", "1"}});
            }),
            "\"" + folder.path("c") +
                "\" is of another run (units 4), this one is units 8: give the same data and "
                "options as then, or start anew without the file");
  EXPECT_EQ(error_of([&] {
              fit({{"units", "4"}, {"seed", "1"}, {"cell", "gru"}});
            }),
            "\"" + folder.path("c") +
                "\" is of another run (without these), this one is cell gru: give the same data "
                "and options as then, or start anew without the file");
  // What identifies data is a hash: nobody reads it.
  fit({{"task", "sentiment"}, {"data", "00ff"}, {"units", "4"}}, "tasks");
  EXPECT_EQ(error_of([&] {
              fit({{"task", "sentiment"}, {"data", "11ff"}, {"units", "4"}}, "tasks");
            }),
            "\"" + folder.path("tasks") +
                "\" is of another run, on other data: give the same data and options as then, or "
                "start anew without the file");
  EXPECT_EQ(error_of([&] {
              fit({{"task", "sentiment"}, {"data", "11ff"}, {"units", "8"}}, "tasks");
            }),
            "\"" + folder.path("tasks") +
                "\" is of another run, on other data (units 4), this one is units 8: give the same "
                "data and options as then, or start anew without the file");
  EXPECT_EQ(error_of([&] {
              fit({{"task", "generate"}, {"data", "11ff"}, {"steps", "8"}}, "tasks");
            }),
            "\"" + folder.path("tasks") +
                "\" is of the training of another kind of model (sentiment): write the model to "
                "another file, or start anew without the file");
  EXPECT_EQ(error_of([&] {
              fit({{"task", "generate"}}, "c");
            }),
            "\"" + folder.path("c") +
                "\" is of the training of another kind of model: write the model to another file, "
                "or start anew without the file");
}

TEST(RunLimits, AreChecked) {
  Sequential model = learner();
  EXPECT_EQ(error_of([&] { model.fit(data(), {.verbose = 0, .max_seconds = 0.0}); }),
            "max_seconds must be above 0 and at most 1e+09, got 0");
  EXPECT_EQ(
      error_of([&] { model.fit(data(), {.verbose = 0, .max_seconds = 1.0, .max_epochs = 1.0}); }),
      "max_seconds and max_epochs cannot both be given: leave one of them out");
}

}  // namespace
}  // namespace chronicler
