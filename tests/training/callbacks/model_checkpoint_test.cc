// ModelCheckpoint, driven by logs that the tests make up.
#include <unistd.h>

#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using Names = std::set<std::string>;

class ModelCheckpoint : public ::testing::Test {
 protected:
  ~ModelCheckpoint() override { std::filesystem::remove_all(folder); }

  std::string in_folder(const std::string& name) const { return (folder / name).string(); }
  Names saved() const {
    Names names;
    if (!std::filesystem::exists(folder)) return names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) names.insert(entry.path().filename().string());
    }
    return names;
  }
  // Plays epochs of two batches; what was said.
  std::string play(const callbacks::ModelCheckpointOptions& options,
                   const std::vector<double>& values) {
    const CallbackPtr callback = callbacks::ModelCheckpoint(options);
    callback->set_model(&model);
    ::testing::internal::CaptureStdout();
    Logs logs;
    callback->on_train_begin(logs);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto epoch = static_cast<std::int64_t>(i);
      callback->on_epoch_begin(epoch, logs);
      logs = {{"loss", 1.0}};
      callback->on_train_batch_end(0, logs);
      callback->on_train_batch_end(1, logs);
      logs["val_loss"] = values[i];
      callback->on_epoch_end(epoch, logs);
    }
    callback->on_train_end(logs);
    return ::testing::internal::GetCapturedStdout();
  }

  std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                 ("chronicler_checkpoint_" + std::to_string(getpid()));
  Sequential model{{layers::Dense({.units = 1, .input_shape = Shape{1}})}};
};

TEST_F(ModelCheckpoint, SavesEachEpoch) {
  const std::string path = in_folder("deep/{epoch:02d}-{val_loss:.2f}.chronicler");
  EXPECT_EQ(play({.filepath = path, .verbose = 1}, {0.5, 0.25}),
            "\nEpoch 1: saving model to " + in_folder("deep/01-0.50.chronicler") +
                "\n\nEpoch 1: finished saving model to " + in_folder("deep/01-0.50.chronicler") +
                "\n\nEpoch 2: saving model to " + in_folder("deep/02-0.25.chronicler") +
                "\n\nEpoch 2: finished saving model to " + in_folder("deep/02-0.25.chronicler") +
                "\n");
  EXPECT_EQ(saved(), (Names{"01-0.50.chronicler", "02-0.25.chronicler"}));
}

TEST_F(ModelCheckpoint, SavesTheBestOnly) {
  const std::string path = in_folder("c.chronicler");
  EXPECT_EQ(play({.filepath = path, .verbose = 1, .save_best_only = true}, {0.5, 0.4, 0.45}),
            "\nEpoch 1: val_loss improved from None to 0.50000, saving model to " + path +
                "\n\nEpoch 1: finished saving model to " + path +
                "\n\nEpoch 2: val_loss improved from 0.50000 to 0.40000, saving model to " + path +
                "\n\nEpoch 2: finished saving model to " + path +
                "\n\nEpoch 3: val_loss did not improve from 0.40000\n");
  EXPECT_EQ(saved(), Names{"c.chronicler"});
}

TEST_F(ModelCheckpoint, AThresholdMustBeBeaten) {
  EXPECT_EQ(play({.filepath = in_folder("c.chronicler"),
                  .verbose = 1,
                  .save_best_only = true,
                  .initial_value_threshold = 0.25},
                 {0.5}),
            "\nEpoch 1: val_loss did not improve from 0.25000\n");
  EXPECT_EQ(saved(), Names{});
}

TEST_F(ModelCheckpoint, SavesWeightsOnly) {
  const std::string path = in_folder("w.weights.chronicler");
  play({.filepath = path, .save_weights_only = true}, {0.5});
  const std::vector<Tensor> before = model.get_weights();
  model.set_weights({Tensor({1, 1}), Tensor({1})});
  model.load_weights(path);
  EXPECT_TRUE(test::same_bits(model.get_weights()[0], before[0]));
}

TEST_F(ModelCheckpoint, SavesEverySoManyBatches) {
  play({.filepath = in_folder("{epoch}-{batch}.chronicler"), .save_freq = 3}, {1, 1, 1});
  EXPECT_EQ(saved(), (Names{"2-1.chronicler", "3-2.chronicler"}));
}

TEST_F(ModelCheckpoint, FieldsMustBeKnown) {
  EXPECT_EQ(error_of([&] { play({.filepath = in_folder("{val_los:.2f}.chronicler")}, {0.5}); }),
            "the filepath \"" + in_folder("{val_los:.2f}.chronicler") +
                "\" of ModelCheckpoint cannot be filled in: argument not found: its fields may be "
                "epoch, loss, val_loss, written as in {epoch:02d} or {val_loss:.2f}");
  ::testing::internal::GetCapturedStdout();
}

TEST_F(ModelCheckpoint, OptionsAreChecked) {
  EXPECT_EQ(error_of([] { callbacks::ModelCheckpoint({}); }), "ModelCheckpoint needs a filepath");
  EXPECT_EQ(error_of([] { callbacks::ModelCheckpoint({.filepath = "a", .save_freq = 0}); }),
            "save_freq of ModelCheckpoint must be at least 1, got 0");
  EXPECT_EQ(error_of([] { callbacks::ModelCheckpoint({.filepath = "a", .mode = "best"}); }),
            "unknown mode of ModelCheckpoint \"best\": choose one of auto, min, max");
}

}  // namespace
}  // namespace chronicler
