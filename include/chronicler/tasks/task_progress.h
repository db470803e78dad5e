// How far the training of a task has come, and how long it goes on: alike for all tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "chronicler/base/fields.h"

namespace chronicler::tasks {

struct TaskProgress {
  double share = 0.0;   // of the run of this network, 0 to 1
  double epochs = 0.0;  // done
  std::int64_t steps = 0;
  double loss = 0.0;  // the mean of this epoch so far
  // The last look at the validation part: accuracy (sentiment), nats a character (generate) or a
  // piece (translate), share of wrong words (transcribe), RMSE (forecast).
  std::optional<double> validation = {};
  bool is_epoch = false;  // an epoch ends here
  bool is_best = false;   // with the best validation so far
  double learning_rate = 0.0;
  double seconds = 0.0;
  double seconds_left = 0.0;
  double steps_per_second = 0.0;
  double items_per_second = 0.0;  // characters (generate), pieces (translate); 0: not counted
  std::int64_t network = 1;       // of `networks` that are trained one after the other, from 1
  std::int64_t networks = 1;
  std::int64_t fold = 0;  // of `folds` of a cross-validation, from 1; 0: this is none
  std::int64_t folds = 0;
};

// Called every half second or so, and after each epoch. False pauses the training, which keeps what
// it has learnt so far.
using TaskProgressFunction = std::function<bool(const TaskProgress&)>;

// The fields of how long a run goes on, which the options of every task have.
template <class Options, class Visitor>
void visit_run_fields(Visitor&& visit) {
  visit("max_seconds", &Options::max_seconds, above(0.0),
        "seconds to train, instead of epochs; the schedule ends with them",
        FieldNotes{.default_text = "no limit", .is_of_run = true});
  visit("stop_after", &Options::stop_after, between(1, 1'000'000),
        "pauses after so many epochs; the same command with --resume goes on",
        FieldNotes{.is_of_run = true});
  visit("memory_budget", &Options::memory_budget, any_value(),
        "what a batch may keep for the way back, for instance 64MB: recurrent layers compute again "
        "what does not fit, to the same bits",
        FieldNotes{.default_text = "no limit", .is_of_run = true});
}

// Beside the checkpoint of the network that is being trained: those of several that are done.
inline std::string finished_networks_file(const std::string& checkpoint) {
  return checkpoint + ".networks";
}

}  // namespace chronicler::tasks
