#include "tasks/shared/task_run.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/training/fit.h"
#include "model/model_internals.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

const char* const error_key = "val_error";
// From one checkpoint to the next: what a killed training may lose.
constexpr double checkpoint_seconds = 30.0;

// Looks at the validation part, and puts what it finds into the logs.
class ValidationCallback final : public Callback {
 public:
  explicit ValidationCallback(const TaskRun& run) : run_(run) {
    if (run.before_training) take(*run.before_training, 0.0);
  }

  void on_train_batch_end(std::int64_t /*batch*/, Logs& logs) override {
    is_epoch_ = false;
    if (run_.validate_every > 0 && progress().steps % run_.validate_every == 0) look(logs);
  }
  void on_epoch_end(std::int64_t /*epoch*/, Logs& logs) override {
    is_epoch_ = true;
    look(logs);
    const double epochs_since = progress().epochs - best_epoch_;
    if (run_.patience > 0 && epochs_since >= static_cast<double>(run_.patience))
      model().stop_training = true;
  }

  // What the task's progress has besides fit's.
  void add_to(TaskProgress& progress) const {
    progress.validation = shown_;
    progress.is_epoch = is_epoch_;
    progress.is_best = is_epoch_ && is_best_;
  }
  double best_epoch() const { return best_epoch_; }
  const std::optional<double>& best() const { return best_; }

  CallbackState state() const override {
    CallbackState state;
    state.numbers["best_epoch"] = best_epoch_;
    if (best_) state.numbers["best"] = *best_;
    if (shown_) state.numbers["shown"] = *shown_;
    return state;
  }
  void set_state(const CallbackState& state) override {
    best_epoch_ = state.number("best_epoch").value_or(0.0);
    best_ = state.number("best");
    shown_ = state.number("shown");
  }

 private:
  void look(Logs& logs) {
    if (!run_.validate) return;
    const Validation found = run_.validate();
    logs[error_key] = found.error;
    take(found, progress().epochs);
  }
  void take(const Validation& found, double epoch) {
    shown_ = found.shown;
    is_best_ = !best_ || found.error < *best_;
    if (!is_best_) return;
    best_ = found.error;
    best_epoch_ = epoch;
  }

  const TaskRun& run_;
  std::optional<double> shown_;
  std::optional<double> best_;
  double best_epoch_ = 0.0;
  bool is_epoch_ = false;
  bool is_best_ = false;
};

// Calls the task's progress function.
CallbackPtr report(const TaskRun& run, Model& model, const ValidationCallback& validation) {
  const auto call = [&](const TrainingProgress& now, const Logs& logs) {
    TaskProgress progress = run.start;
    progress.share = now.share;
    progress.epochs = now.epochs;
    progress.steps = now.steps;
    if (const auto loss = logs.find("loss"); loss != logs.end()) progress.loss = loss->second;
    progress.learning_rate = ModelInternals::trainer(model)->optimizer().learning_rate();
    progress.seconds = now.seconds;
    // Networks that follow take as long.
    const auto following = static_cast<double>(progress.networks - progress.network);
    progress.seconds_left = now.seconds_left + following * (now.seconds + now.seconds_left);
    progress.steps_per_second = now.steps_per_second;
    progress.items_per_second = now.steps_per_second * run.items_per_step;
    validation.add_to(progress);
    return !run.progress || run.progress(progress);
  };
  return callbacks::Report({.seconds = run.report_seconds, .report = call});
}

}  // namespace

void remove_old_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw Error(fmt::format("\"{}\" is a folder: a checkpoint is to be written there", path),
                "move the folder, or write the model to another place");
  }
  std::filesystem::remove(path, error);
  if (error) {
    throw Error(fmt::format("cannot remove \"{}\", the checkpoint of an earlier run: {}", path,
                            error.message()),
                "check its permissions, or write the model to another place");
  }
}

TaskRunResult train(Model& model, const Dataset& data, const TaskRun& run) {
  const auto validation = std::make_shared<ValidationCallback>(run);
  FitOptions options;
  options.verbose = 0;
  options.seed = run.seed;
  options.pause_after = run.stop_after;
  options.memory_budget = run.memory_budget;
  if (run.max_seconds > 0.0) {
    options.max_seconds = run.max_seconds;
  } else {
    options.max_epochs = run.epochs;
  }
  options.callbacks = run.callbacks;
  options.callbacks.push_back(callbacks::TerminateOnNaN(true));
  options.callbacks.push_back(callbacks::LearningRateOverRun(run.learning_rate));
  options.callbacks.push_back(validation);
  if (run.validate) {
    const auto before = run.before_training;
    options.callbacks.push_back(callbacks::BestWeights(
        {.monitor = error_key,
         .mode = "min",
         .initial_value = before ? std::optional(before->error) : std::nullopt}));
  }
  options.callbacks.push_back(report(run, model, *validation));
  if (!run.checkpoint.empty()) {
    if (!run.resume) remove_old_file(run.checkpoint);
    options.callbacks.push_back(callbacks::BackupAndRestore({.filepath = run.checkpoint,
                                                             .save_seconds = checkpoint_seconds,
                                                             .identity = run.identity}));
  }
  const History history = model.fit(data, options);
  return {!history.is_paused,       history.progress.epochs,
          validation->best_epoch(), validation->best(),
          history.progress.seconds, history.progress.steps_per_second * run.items_per_step};
}

}  // namespace chronicler::tasks
