// What the commands that train a task's model have in common: their options, and how they begin
// and end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "chronicler/tasks/task_progress.h"
#include "cli/progress.h"

namespace chronicler::cli {

struct TrainingOptions {
  std::string output;
  bool resume = false;
  std::int64_t seed = 0;
  int threads = 0;
  bool quiet = false;
  bool json = false;
  bool json_epochs = false;
  double max_seconds = 0.0;
  std::optional<std::int64_t> stop_after;
};

// -o MODEL
void add_output(CLI::App& app, TrainingOptions& options);
// --resume, --threads, --quiet, --json, --json-epochs
void add_program_options(CLI::App& app, TrainingOptions& options,
                         const std::string& what_quiet = "no progress");
// The same, and before them --max-seconds, --stop-after and --seed.
void add_run_options(CLI::App& app, TrainingOptions& options,
                     const std::string& what_quiet = "no progress");

// Options of networks that go by the same names in all tasks.
void add_count(CLI::App& app, const std::string& name, std::int64_t& value, const std::string& what,
               std::int64_t most, std::int64_t least = 1);
void add_dropout(CLI::App& app, const std::string& name, std::optional<double>& value,
                 const std::string& what);
void add_learning_rate(CLI::App& app, double& value, const std::string& usual);

// Before any work: can the model be written there? Sets the threads, and what the task's own
// options take from these.
void begin_training(const TrainingOptions& options);
void tell_if_nothing_is_resumed(const std::string& checkpoint);
// Whether a task's options are a table, which then has the run's options.
template <class TaskOptions>
concept has_fields = requires {
  TaskOptions::fields([](auto&&...) {});
};
template <class TaskOptions>
void begin_training(const TrainingOptions& options, TaskOptions& task) {
  begin_training(options);
  task.resume = options.resume;
  if constexpr (!has_fields<TaskOptions>) {
    task.seed = static_cast<std::uint64_t>(options.seed);
    task.max_seconds = options.max_seconds;
    task.stop_after = options.stop_after;
  }
  task.checkpoint = options.output + ".checkpoint";
  if (options.resume) tell_if_nothing_is_resumed(task.checkpoint);
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
