// One run of a task's training: fit, with what all five tasks want besides.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/model/model.h"
#include "chronicler/tasks/task_progress.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/dataset.h"
#include "training/callbacks/run_identity.h"

namespace chronicler::tasks {

// How good a model is on the validation part.
struct Validation {
  double error = 0.0;  // the weights with the least are kept
  double shown = 0.0;  // in the progress: an accuracy, nats, ...
};

struct TaskRun {
  callbacks::RateOfShare learning_rate;
  double epochs = 1.0;                          // a fraction ends the run amid its last one
  double max_seconds = 0.0;                     // instead, if it is above 0
  std::optional<std::int64_t> stop_after = {};  // epochs: pauses there
  std::string memory_budget = {};               // see FitOptions
  std::string checkpoint = {};                  // a file; empty: none
  bool resume = false;
  // What must be the same when it goes on: of data and options.
  std::vector<std::pair<std::string, std::string>> identity = {};
  std::uint64_t seed = 0;
  double items_per_step = 0.0;  // characters, pieces; about, if batches differ
  double report_seconds = 0.5;
  TaskProgressFunction progress = {};
  // Empty: nothing to validate on, the last weights are kept.
  std::function<Validation()> validate = {};
  std::int64_t validate_every = 0;                 // batches, besides after each epoch; 0: none
  std::optional<Validation> before_training = {};  // the weights at the start count, too
  std::int64_t patience = 0;  // epochs without a better validation that end it; 0: no end
  TaskProgress start = {};    // what the task's progress has besides
  std::vector<CallbackPtr> callbacks = {};  // the task's own, called before all others
};

// What the options of every task say of its run. `task`: its name; `data` identifies its data.
template <class Options>
TaskRun task_run(const std::string& task, const Options& options, const std::string& data) {
  TaskRun run;
  run.epochs = static_cast<double>(options.epochs);
  run.max_seconds = options.max_seconds;
  run.stop_after = options.stop_after;
  run.memory_budget = options.memory_budget;
  run.checkpoint = options.checkpoint;
  run.resume = options.resume;
  run.identity = {{task_entry, task}, {data_entry, data}};
  for (auto& field : identity_fields(options)) run.identity.push_back(std::move(field));
  run.seed = options.seed;
  run.report_seconds = options.report_seconds;
  run.progress = options.progress;
  return run;
}

struct TaskRunResult {
  bool is_finished = true;  // false: paused
  double epochs = 0.0;
  double best_epoch = 0.0;  // whose weights the model has; 0: the last
  std::optional<double> best_error = {};
  double seconds = 0.0;
  double items_per_second = 0.0;  // of this session
};

// Removes what an earlier run has left; nothing if there is no such file. Throws Error for a
// folder, and where it cannot be removed.
void remove_old_file(const std::string& path);

// The model is compiled; it is left with its best weights. Throws Error where the loss becomes NaN,
// and for the checkpoint of another run.
TaskRunResult train(Model& model, const Dataset& data, const TaskRun& run);

}  // namespace chronicler::tasks
