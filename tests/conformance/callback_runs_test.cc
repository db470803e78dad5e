// Each callback with each of its options: the runs of fit that scripts/test-with-keras makes again
// with Keras. With
//
//   CHRONICLER_CALLBACKS_OUT=FOLDER
//
// FOLDER/start.keras and data.safetensors are what they begin with, runs.json what came of them;
// without, they only have to come to their end.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "chronicler/base/error.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/training/fit.h"
#include "chronicler/training/optimizers/sgd.h"
#include "conformance/exchange.h"
#include "model/model_internals.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"
#include "training/trainer.h"

namespace chronicler::test {
namespace {

using Path = std::filesystem::path;

// What fit is to be given, in the words of Keras and in ours. "FOLDER" in a text is the run's own.
struct FitRun {
  std::string name;
  std::string class_name;
  Json options = Json::object();
  std::function<CallbackPtr(const std::string& folder)> make;
  std::string start = "start";  // the model
  // "interrupted": fit is stopped after some epochs and called again; "again": it is called twice;
  // "raises": it ends in an error.
  std::string ending = {};
};

constexpr int epochs = 9;
constexpr int interrupted_after = 4;

void add_early_stopping(std::vector<FitRun>& runs) {
  const auto add = [&](const std::string& name, const Json& options,
                       const callbacks::EarlyStoppingOptions& own) {
    runs.push_back({"early_stopping_" + name, "EarlyStopping", options,
                    [own](const std::string&) { return callbacks::EarlyStopping(own); }});
  };
  add("plain", Json::object(), {});
  add("patience", {{"patience", 2}}, {.patience = 2});
  add("monitor", {{"monitor", "loss"}, {"patience", 1}}, {.monitor = "loss", .patience = 1});
  add("min_delta", {{"min_delta", 0.02}, {"patience", 1}}, {.min_delta = 0.02, .patience = 1});
  add("mode", {{"mode", "max"}, {"patience", 2}}, {.patience = 2, .mode = "max"});
  add("mode_min", {{"monitor", "val_mae"}, {"mode", "min"}}, {.monitor = "val_mae", .mode = "min"});
  add("baseline", {{"baseline", 0.05}, {"patience", 3}}, {.patience = 3, .baseline = 0.05});
  add("restore", {{"restore_best_weights", true}, {"patience", 2}},
      {.patience = 2, .restore_best_weights = true});
  add("restore_at_the_end", {{"restore_best_weights", true}, {"patience", 50}},
      {.patience = 50, .restore_best_weights = true});
  add("start_from_epoch", {{"start_from_epoch", 3}}, {.start_from_epoch = 3});
  add("verbose", {{"verbose", 1}}, {.verbose = 1});
}

void add_reduce_lr(std::vector<FitRun>& runs) {
  const auto add = [&](const std::string& name, const Json& options,
                       const callbacks::ReduceLROnPlateauOptions& own) {
    runs.push_back({"reduce_lr_" + name, "ReduceLROnPlateau", options,
                    [own](const std::string&) { return callbacks::ReduceLROnPlateau(own); }});
  };
  add("plain", Json::object(), {});
  add("patience", {{"patience", 1}}, {.patience = 1});
  add("factor", {{"factor", 0.5}, {"patience", 2}}, {.factor = 0.5, .patience = 2});
  add("monitor", {{"monitor", "mae"}, {"patience", 1}}, {.monitor = "mae", .patience = 1});
  add("mode", {{"mode", "max"}, {"patience", 1}}, {.patience = 1, .mode = "max"});
  add("min_delta", {{"min_delta", 0.05}, {"patience", 1}}, {.patience = 1, .min_delta = 0.05});
  add("cooldown", {{"cooldown", 2}, {"patience", 1}, {"mode", "max"}},
      {.patience = 1, .mode = "max", .cooldown = 2});
  add("min_lr", {{"min_lr", 0.02}, {"patience", 1}, {"mode", "max"}},
      {.patience = 1, .mode = "max", .min_lr = 0.02});
  add("verbose", {{"verbose", 1}, {"patience", 1}}, {.patience = 1, .verbose = 1});
}

void add_checkpoints(std::vector<FitRun>& runs) {
  const auto add = [&](const std::string& name, const std::string& file, Json options,
                       callbacks::ModelCheckpointOptions own) {
    options["filepath"] = "FOLDER/" + file;
    runs.push_back(
        {"checkpoint_" + name, "ModelCheckpoint", options, [own, file](const std::string& folder) {
           callbacks::ModelCheckpointOptions placed = own;
           placed.filepath = folder + "/" + file;
           return callbacks::ModelCheckpoint(placed);
         }});
  };
  const std::string numbered = "m_{epoch:02d}.keras";
  add("plain", "m_{epoch:02d}_{val_loss:.3f}_{mae:.2f}.keras", Json::object(), {});
  add("best", numbered, {{"save_best_only", true}}, {.save_best_only = true});
  add("monitor", numbered, {{"save_best_only", true}, {"monitor", "mae"}},
      {.monitor = "mae", .save_best_only = true});
  add("mode", numbered, {{"save_best_only", true}, {"mode", "max"}},
      {.save_best_only = true, .mode = "max"});
  add("weights", "m_{epoch}.weights.h5", {{"save_weights_only", true}},
      {.save_weights_only = true});
  add("freq", "m_{epoch}_{batch}.keras", {{"save_freq", 4}}, {.save_freq = 4});
  add("threshold", numbered, {{"save_best_only", true}, {"initial_value_threshold", 0.3}},
      {.save_best_only = true, .initial_value_threshold = 0.3});
  add("verbose", numbered, {{"verbose", 1}}, {.verbose = 1});
}

void add_others(std::vector<FitRun>& runs) {
  const auto log = [&](const std::string& name, Json options, callbacks::CSVLoggerOptions own) {
    options["filename"] = "FOLDER/log.csv";
    runs.push_back({"csv_" + name, "CSVLogger", options, [own](const std::string& folder) {
                      callbacks::CSVLoggerOptions placed = own;
                      placed.filename = folder + "/log.csv";
                      return callbacks::CSVLogger(placed);
                    }});
  };
  log("plain", Json::object(), {});
  log("separator", {{"separator", ";"}}, {.separator = ";"});
  log("append", {{"append", true}}, {.append = true});
  runs.back().ending = "again";

  // Python's side knows it by this name.
  const auto schedule = [](std::int64_t epoch, double rate) {
    return epoch % 3 == 2 ? rate * 0.5 : rate;
  };
  for (const int verbose : {0, 1}) {
    runs.push_back(
        {fmt::format("scheduler_{}", verbose),
         "LearningRateScheduler",
         {{"schedule", "half_every_third"}, {"verbose", verbose}},
         [=](const std::string&) { return callbacks::LearningRateScheduler(schedule, verbose); }});
  }
  runs.push_back({"terminate", "TerminateOnNaN", Json::object(),
                  [](const std::string&) { return callbacks::TerminateOnNaN(); }, "diverging"});
  runs.push_back({"terminate_raising",
                  "TerminateOnNaN",
                  {{"raise_error", true}},
                  [](const std::string&) { return callbacks::TerminateOnNaN(true); },
                  "diverging",
                  "raises"});
  for (const bool swap : {false, true}) {
    runs.push_back({fmt::format("swap_ema_{}", swap),
                    "SwapEMAWeights",
                    {{"swap_on_epoch", swap}},
                    [swap](const std::string&) { return callbacks::SwapEMAWeights(swap); },
                    "averaged"});
  }
  const auto backup = [&](const std::string& name, Json options,
                          callbacks::BackupAndRestoreOptions own) {
    options["backup_dir"] = "FOLDER/backup";
    runs.push_back(
        {"backup_" + name, "BackupAndRestore", options, [own](const std::string& folder) {
           callbacks::BackupAndRestoreOptions placed = own;
           placed.backup_dir = folder + "/backup";
           return callbacks::BackupAndRestore(placed);
         }});
    runs.back().ending = "interrupted";
  };
  backup("plain", {{"save_freq", "epoch"}}, {});
  backup("freq", {{"save_freq", 3}}, {.save_freq = 3});
  backup("kept", {{"delete_checkpoint", false}}, {.delete_checkpoint = false});
  const auto board = [&](const std::string& name, Json options, callbacks::TensorBoardOptions own) {
    options["log_dir"] = "FOLDER/logs";
    runs.push_back({"board_" + name, "TensorBoard", options, [own](const std::string& folder) {
                      callbacks::TensorBoardOptions placed = own;
                      placed.log_dir = folder + "/logs";
                      return callbacks::TensorBoard(placed);
                    }});
  };
  board("plain", Json::object(), {});
  board("freq", {{"update_freq", 2}}, {.update_freq = 2});
}

std::vector<FitRun> all_runs() {
  std::vector<FitRun> runs;
  add_early_stopping(runs);
  add_reduce_lr(runs);
  add_checkpoints(runs);
  add_others(runs);
  // What is called when, of each hook that LambdaCallback has.
  runs.push_back({"hooks", "LambdaCallback", Json::object(), {}});
  return runs;
}

// ---- running

struct Data {
  Tensor x = noise({12, 4}, 3);
  Tensor y = noise({12, 2}, 5);
  Tensor test_x = noise({6, 4}, 7);
  Tensor test_y = noise({6, 2}, 9);
};

// Steps that are too long, so that losses go up and down.
std::unique_ptr<Model> start_model(const std::string& kind) {
  auto model = std::make_unique<Sequential>(Sequential(
      {layers::Input({4}), layers::Dense({.units = 6, .activation = "tanh", .name = "hidden"}),
       layers::Dense({.units = 2, .name = "head"})}));
  std::uint64_t seed = 31;
  for (const LayerPtr& layer : model->layers()) randomize_weights(*layer, seed++);
  OptimizerPtr optimizer = optimizers::SGD({.learning_rate = 0.7, .momentum = 0.6});
  if (kind == "diverging") optimizer = optimizers::SGD({.learning_rate = 1e12});
  if (kind == "averaged") {
    optimizer = optimizers::SGD({.learning_rate = 0.3, .use_ema = true, .ema_momentum = 0.8});
  }
  model->compile({.optimizer = optimizer, .loss = "mse", .metrics = {"mae"}});
  return model;
}

// Writes down what is called.
CallbackPtr hooks_into(std::vector<std::string>& calls) {
  const auto counted = [&calls](const char* name) {
    return [&calls, name](std::int64_t index, Logs&) {
      calls.push_back(fmt::format("{} {}", name, index));
    };
  };
  const auto plain = [&calls](const char* name) {
    return [&calls, name](Logs&) { calls.emplace_back(name); };
  };
  return callbacks::LambdaCallback({.on_epoch_begin = counted("on_epoch_begin"),
                                    .on_epoch_end = counted("on_epoch_end"),
                                    .on_train_begin = plain("on_train_begin"),
                                    .on_train_end = plain("on_train_end"),
                                    .on_train_batch_begin = counted("on_train_batch_begin"),
                                    .on_train_batch_end = counted("on_train_batch_end")});
}

// The rate that each epoch ends with, and, if asked, an end after some epochs.
CallbackPtr watcher(Model& model, Json& rates, int stop_after) {
  return callbacks::LambdaCallback(
      {.on_epoch_end = [&model, &rates, stop_after](std::int64_t epoch, Logs&) {
        rates.push_back(ModelInternals::trainer(model)->optimizer().learning_rate());
        if (epoch + 1 == stop_after) throw Error("as if the power had failed");
      }});
}

// Runs it in a folder of its own; what came of it goes into `result`.
void carry_out(const FitRun& run, const Path& folder, Json& result) {
  std::filesystem::create_directories(folder);
  const Data data;
  std::vector<std::string> calls;
  const auto fit = [&](Model& model, int stop_after) {
    const CallbackPtr callback = run.make ? run.make(folder.string()) : hooks_into(calls);
    Json rates = Json::array();
    const History history = model.fit(data.x, data.y,
                                      {.batch_size = 4,
                                       .epochs = epochs,
                                       .verbose = 0,
                                       .callbacks = {callback, watcher(model, rates, stop_after)},
                                       .validation_data = {data.test_x, data.test_y},
                                       .shuffle = false});
    result["rates"] = rates;
    for (const auto& [name, values] : history.history) {
      result["history"][name] = Json::array();
      for (const double value : values)
        result["history"][name].push_back(std::isfinite(value) ? Json(value)
                                                               : Json(fmt::format("{}", value)));
    }
  };
  std::unique_ptr<Model> model = start_model(run.start);
  if (run.ending == "interrupted") {
    EXPECT_THROW(fit(*model, interrupted_after), Error);
    model = start_model(run.start);
  }
  if (run.ending == "raises") {
    EXPECT_THROW(fit(*model, 0), Error);
    return;
  }
  fit(*model, 0);
  if (run.ending == "again") fit(*model, 0);
  result["calls"] = calls;
  write_exchange(folder / "result.safetensors", {{{"predict", {model->predict(data.x)}}}, {}});
}

TEST(CallbackRuns, ComeToTheirEnd) {
  const TemporaryFolder temporary;
  const char* given = std::getenv("CHRONICLER_CALLBACKS_OUT");
  const Path out = given != nullptr ? Path(given) : temporary.path();
  Json list = Json::array();
  testing::internal::CaptureStdout();  // of what is verbose
  for (const FitRun& run : all_runs()) {
    SCOPED_TRACE(run.name);
    Json result{{"name", run.name},
                {"class", run.class_name},
                {"options", run.options},
                {"start", run.start},
                {"ending", run.ending},
                {"epochs", epochs},
                {"interrupted_after", interrupted_after}};
    EXPECT_NO_THROW(carry_out(run, out / run.name, result));
    list.push_back(std::move(result));
  }
  testing::internal::GetCapturedStdout();
  if (given == nullptr) return;
  for (const char* start : {"start", "diverging", "averaged"})
    start_model(start)->save((out / (std::string(start) + ".keras")).string());
  const Data data;
  write_exchange(out / "data.safetensors",
                 {{{"x", {data.x, data.test_x}}, {"y", {data.y, data.test_y}}}, {}});
  write_bytes(out / "runs.json", list.dump(1));
}

}  // namespace
}  // namespace chronicler::test
