// What the commands that train a task's model have in common: their options, and how they begin
// and end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "chronicler/tasks/task_progress.h"
#include "cli/progress.h"

namespace chronicler::cli {

struct TrainingOptions {
  std::string output;
  bool resume = false;
  std::int64_t folds = 0;  // of a cross-validation before it; 0: none
  int threads = 0;
  bool quiet = false;
  bool json = false;
  bool json_epochs = false;
};

// -o MODEL
void add_output(CLI::App& app, TrainingOptions& options);
// --folds, --resume, --threads, --quiet, --json, --json-epochs; after the task's own options
void add_program_options(CLI::App& app, TrainingOptions& options,
                         const std::string& what_quiet = "no progress");

// Before any work: can the model be written there? Sets the threads, and what the task's own
// options take from these.
void begin_training(const TrainingOptions& options);
// Throws UsageError for --folds with what it cannot go with.
void check_folds(const TrainingOptions& options, bool is_paused);
void say_if_nothing_is_resumed(const std::string& checkpoint);
template <class TaskOptions>
void begin_training(const TrainingOptions& options, TaskOptions& task) {
  check_folds(options, task.stop_after.has_value());
  begin_training(options);
  task.resume = options.resume;
  task.checkpoint = options.output + ".checkpoint";
  if (options.resume) say_if_nothing_is_resumed(task.checkpoint);
}

// What a run shows while it trains: a progress line on standard error, and with --json-epochs a
// line of JSON for each epoch on standard output. Ctrl-C pauses the run.
class TrainingDisplay {
 public:
  // How a task writes its validation figure: "83.1 %", "1.482".
  using ValidationText = std::function<std::string(double)>;
  // `items`: what it counts a second, "characters".
  TrainingDisplay(const TrainingOptions& options, ValidationText validation,
                  std::string items = {});

  ProgressLine& line() { return line_; }
  tasks::TaskProgressFunction progress();

 private:
  void show(const tasks::TaskProgress& progress);

  bool json_epochs_;
  ValidationText validation_;
  std::string items_;
  ProgressLine line_;
};

// Says what a run that was stopped leaves behind, and ends the program if it was a signal.
void end_stopped_training(const TrainingOptions& options, double epochs);

// How long it will be: "10 min of training", or "3 epochs".
std::string training_length(double max_seconds, double epochs);

}  // namespace chronicler::cli
