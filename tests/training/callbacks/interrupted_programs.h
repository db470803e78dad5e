// Programs that train a model and can be killed amid any batch.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/adam.h"
#include "chronicler/training/optimizers/nadam.h"
#include "model/model_internals.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"
#include "training/trainer.h"

namespace chronicler::test {

struct Killed {};

// What a run leaves behind.
struct Outcome {
  std::vector<Tensor> weights;
  std::vector<Tensor> variables;
  History history;
  std::string log;
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A program that trains a model. Each call of run() is a process of its own: it starts from
// nothing but the seed and the files.
class Program {
 public:
  // In this folder; without one, in a folder of its own.
  explicit Program(std::string folder = {}) : folder_(std::move(folder)) {
    if (folder_.empty()) folder_ = own_folder_.emplace().path();
  }
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // kill_at: the batch, counted over all epochs, amid which the process ends; none if negative.
  // pause: after each batch, so that somebody else may kill it.
  Outcome run(std::optional<std::int64_t> save_freq, std::int64_t kill_at = -1,
              std::chrono::milliseconds pause = {}) {
    set_random_seed(3);
    Sequential model = make();
    std::int64_t batches = 0;
    const CallbackPtr killer =
        callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
          if (batches++ == kill_at) throw Killed();
          std::this_thread::sleep_for(pause);
        }});
    FitOptions options = fit_options();
    options.verbose = 0;
    options.callbacks.insert(options.callbacks.begin(), killer);
    options.callbacks.push_back(callbacks::CSVLogger({.filename = path("log.csv")}));
    options.callbacks.push_back(
        callbacks::BackupAndRestore({.backup_dir = path("backup"), .save_freq = save_freq}));
    options.callbacks.push_back(
        callbacks::EarlyStopping({.monitor = "loss", .patience = 3, .restore_best_weights = true}));
    options.callbacks.push_back(callbacks::ModelCheckpoint(
        {.filepath = path("{epoch}.weights.chronicler"), .save_weights_only = true}));
    Outcome outcome;
    outcome.history = model.fit(x(), y(), options);
    outcome.weights = model.get_weights();
    outcome.variables = optimizer_of(model).variables();
    outcome.log = contents(path("log.csv"));
    return outcome;
  }
  bool has_checkpoint() const { return std::filesystem::exists(checkpoint()); }
  std::string checkpoint() const { return path("backup/latest.safetensors"); }

  const std::string& folder() const { return folder_; }

 protected:
  virtual Sequential make() = 0;
  virtual FitOptions fit_options() = 0;
  virtual Tensor x() = 0;
  virtual Tensor y() = 0;

 private:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static Optimizer& optimizer_of(const Model& model) {
    return ModelInternals::trainer(model)->optimizer();
  }

  std::optional<TemporaryFolder> own_folder_;
  std::string folder_;
};

// Shuffled, with dropout of both kinds, accumulated gradients, averages and a schedule.
class WithEverything final : public Program {
 public:
  using Program::Program;

 protected:
  Sequential make() override {
    Sequential model({layers::Embedding({.input_dim = 5, .output_dim = 3}),
                      layers::LSTM({.units = 4, .dropout = 0.2, .recurrent_dropout = 0.3}),
                      layers::Dropout({.rate = 0.4}),
                      layers::Dense({.units = 3, .activation = "softmax"})});
    model.compile({.optimizer = optimizers::Nadam(
                       {.learning_rate = schedules::ExponentialDecay(
                            {.initial_learning_rate = 0.05, .decay_steps = 3, .decay_rate = 0.8}),
                        .global_clipnorm = 1.0,
                        .use_ema = true,
                        .gradient_accumulation_steps = 2}),
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    return model;
  }
  FitOptions fit_options() override {
    return {.batch_size = 3, .epochs = 3, .validation_split = 0.3};
  }
  Tensor x() override { return test::random_ids({14, 5}, 5, 1); }
  Tensor y() override { return test::random_ids({14}, 3, 2); }
};

// In order, with carried states and a rate that is set by callbacks.
class Stateful final : public Program {
 public:
  using Program::Program;

 protected:
  Sequential make() override {
    Sequential model({layers::Input({.shape = {4, 2}, .batch_size = 2}),
                      layers::GRU({.units = 3, .stateful = true}), layers::Dense({.units = 1})});
    model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.05}),
                   .loss = "mse",
                   .metrics = {"mae"}});
    return model;
  }
  FitOptions fit_options() override {
    return {.batch_size = 2,
            .epochs = 4,
            .callbacks = {callbacks::LearningRateScheduler([](std::int64_t epoch, double rate) {
                            return epoch == 0 ? rate : 0.9 * rate;
                          }),
                          callbacks::ReduceLROnPlateau(
                              {.monitor = "loss", .factor = 0.5, .patience = 1, .min_delta = 0.5})},
            .shuffle = false};
  }
  Tensor x() override { return test::noise({6, 4, 2}, 1); }
  Tensor y() override { return test::noise({6, 1}, 2); }
};

inline void expect_same(const Outcome& got, const Outcome& expected) {
  ASSERT_EQ(got.weights.size(), expected.weights.size());
  for (std::size_t i = 0; i < got.weights.size(); ++i) {
    EXPECT_TRUE(same_bits(got.weights[i], expected.weights[i])) << "weight " << i;
  }
  ASSERT_EQ(got.variables.size(), expected.variables.size());
  for (std::size_t i = 0; i < got.variables.size(); ++i) {
    EXPECT_TRUE(same_bits(got.variables[i], expected.variables[i])) << "variable " << i;
  }
  EXPECT_EQ(got.history.epoch, expected.history.epoch);
  EXPECT_EQ(got.history.history, expected.history.history);
  EXPECT_EQ(got.log, expected.log);
}

// A run of a program that is killed amid each of these batches in turn, and started again.
template <class Kind>
void expect_resumes(std::optional<std::int64_t> save_freq,
                    const std::vector<std::int64_t>& batches) {
  const Outcome expected = Kind().run(save_freq);
  for (const std::int64_t kill_at : batches) {
    SCOPED_TRACE("killed amid batch " + std::to_string(kill_at));
    Kind program;
    EXPECT_THROW(program.run(save_freq, kill_at), Killed);
    expect_same(program.run(save_freq), expected);
    EXPECT_FALSE(program.has_checkpoint());
  }
}

}  // namespace chronicler::test
