#include "training/callbacks/backup_and_restore.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"
#include "support/damaged_files.h"
#include "support/temporary_folder.h"
#include "training/callbacks/interrupted_programs.h"

namespace chronicler {
namespace {

using test::error_of;
using test::expect_resumes;
using test::expect_same;
using test::Killed;
using test::Outcome;
using test::same_bits;
using test::Stateful;
using test::WithEverything;

// backup_and_restore_slow_test.cc does so at every batch.
TEST(BackupAndRestore, AKilledRunEndsWithTheSameBits) {
  for (const std::int64_t kill_at : {0, 4}) {
    expect_resumes<WithEverything>(2, {kill_at});
    expect_resumes<Stateful>({}, {kill_at});
  }
}

TEST(BackupAndRestore, MayBeKilledAgainAndAgain) {
  const Outcome expected = WithEverything().run(1);
  WithEverything program;
  for (int life = 0; life < 4; ++life) {
    EXPECT_THROW(program.run(1, 2), Killed);
  }
  expect_same(program.run(1), expected);
}

// ---- training that is stopped

class Plain : public ::testing::Test {
 protected:
  Sequential make() {
    set_random_seed(1);
    Sequential model({layers::Dense({.units = 1, .input_shape = Shape{2}})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    return model;
  }
  FitOptions options(const CallbackPtr& other = {}) {
    FitOptions options{.batch_size = 2, .epochs = 3, .verbose = 0};
    if (other) options.callbacks.push_back(other);
    options.callbacks.push_back(backup);
    return options;
  }

  test::TemporaryFolder folder;
  std::string path = folder.path("backup/latest.safetensors");
  CallbackPtr backup = callbacks::BackupAndRestore({.backup_dir = folder.path("backup")});
  Tensor x = test::noise({8, 2}, 1);
  Tensor y = test::noise({8, 1}, 2);
};

// As the command line does at the first Ctrl-C: the batch is finished, and training goes on later.
TEST_F(Plain, AnInterruptedEpochGoesOn) {
  Sequential whole = make();
  whole.fit(x, y, {.batch_size = 2, .epochs = 3, .verbose = 0, .callbacks = {backup}});
  EXPECT_FALSE(std::filesystem::exists(path));

  Sequential first = make();
  std::int64_t batches = 0;
  const CallbackPtr interrupt = callbacks::LambdaCallback(
      {.on_train_batch_end = [&](std::int64_t, Logs&) { first.stop_training = ++batches == 6; }});
  first.fit(x, y, options(interrupt));
  EXPECT_TRUE(std::filesystem::exists(path));
  Sequential second = make();
  second.fit(x, y, options(callbacks::LambdaCallback({})));
  EXPECT_FALSE(std::filesystem::exists(path));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(same_bits(second.get_weights()[i], whole.get_weights()[i]));
  }
}

TEST_F(Plain, NothingIsKeptOfALossThatIsNoNumber) {
  Sequential model = make();
  const CallbackPtr spoil =
      callbacks::LambdaCallback({.on_train_batch_begin = [&](std::int64_t, Logs&) {
        std::vector<Tensor> weights = model.get_weights();
        weights[0].fill(std::numeric_limits<double>::quiet_NaN());
        model.set_weights(weights);
      }});
  FitOptions with = options(spoil);
  with.callbacks.push_back(callbacks::TerminateOnNaN());
  ::testing::internal::CaptureStdout();
  model.fit(x, y, with);
  ::testing::internal::GetCapturedStdout();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Plain, TheCheckpointMayStay) {
  Sequential model = make();
  backup = callbacks::BackupAndRestore(
      {.backup_dir = folder.path("backup"), .delete_checkpoint = false});
  model.fit(x, y, options());
  EXPECT_TRUE(std::filesystem::exists(path));
  // There is nothing left to do.
  const std::vector<Tensor> before = model.get_weights();
  EXPECT_EQ(model.fit(x, y, options()).epoch.size(), 3U);
  EXPECT_TRUE(same_bits(model.get_weights()[0], before[0]));
}

// ---- checkpoints that do not fit

TEST_F(Plain, RefusesAnotherRun) {
  backup = callbacks::BackupAndRestore(
      {.backup_dir = folder.path("backup"), .delete_checkpoint = false});
  make().fit(x, y, options());
  FitOptions other = options();
  other.batch_size = 4;
  EXPECT_EQ(error_of([&] { make().fit(x, y, other); }),
            "\"" + path +
                "\" is of a run with batch_size 2, now it is 4: give the same data and options as "
                "then, or start anew without the file");
}

TEST_F(Plain, RefusesADamagedFile) {
  std::filesystem::create_directories(folder.path("backup"));
  std::ofstream(path) << "not a checkpoint";
  const std::string message = error_of([&] { make().fit(x, y, options()); });
  EXPECT_TRUE(message.starts_with("cannot load \"" + path + "\": ")) << message;
  EXPECT_TRUE(message.ends_with(": start anew without the file")) << message;
}

TEST_F(Plain, RefusesACheckpointThatWasChanged) {
  backup = callbacks::BackupAndRestore(
      {.backup_dir = folder.path("backup"), .delete_checkpoint = false});
  make().fit(x, y, options());
  ASSERT_TRUE(std::filesystem::exists(path));
  Sequential model = make();
  const std::vector<Tensor> before = model.get_weights();
  test::for_each_damage(path, 17, [&](const std::string& what) {
    const std::string message = error_of([&] { model.fit(x, y, options()); });
    EXPECT_NE(message.find(path), std::string::npos) << what << message;
    EXPECT_TRUE(message.ends_with(": start anew without the file")) << what << message;
    EXPECT_TRUE(same_bits(model.get_weights()[0], before[0])) << what;
  });
  EXPECT_EQ(model.fit(x, y, options()).epoch.size(), 3U);
}

TEST(BackupAndRestoreOptions, AreChecked) {
  EXPECT_EQ(error_of([] { callbacks::BackupAndRestore({}); }),
            "BackupAndRestore needs a backup_dir, or the filepath of one file");
  EXPECT_EQ(error_of([] { callbacks::BackupAndRestore({.backup_dir = "x", .save_freq = 0}); }),
            "save_freq of BackupAndRestore must be at least 1, got 0");
}

}  // namespace
}  // namespace chronicler
