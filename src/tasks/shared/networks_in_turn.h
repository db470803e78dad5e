// Networks of one model that are trained one after the other, each in a run of its own. Those that
// are done are kept in a file beside the checkpoint, so that an interrupted training goes on with
// the network that comes next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/model/model.h"
#include "tasks/shared/task_run.h"

namespace chronicler::tasks {

// The seed of network n, from 0, of a model that has this one; the first has it, too.
std::uint64_t network_seed(std::uint64_t seed, std::int64_t n);

// Of all `networks`, which are trained if so many have come to their end: epochs and seconds of
// all, best epoch and error on average.
TaskRunResult together(const std::vector<TaskRunResult>& results, std::int64_t networks);

class NetworksInTurn {
 public:
  // `run`: what they have in common; its max_seconds and stop_after are of all of them together.
  // With run.resume, reads which networks are done; throws Error if those are of another run.
  NetworksInTurn(TaskRun run, std::int64_t networks);

  // Whether stop_after says to pause before the next one, if that is not done.
  bool pauses() const;
  // If the next one was done before an interruption, it gets the weights that it had, and is
  // counted.
  std::optional<TaskRunResult> take_finished(Model& network);
  // How to train the next one; the caller adds what is that network's own.
  TaskRun next() const;
  // Trains the next one, and keeps its weights if it comes to its end.
  TaskRunResult train(Model& network, const Dataset& data, const TaskRun& run);
  // All are done: nothing is to be kept any more.
  void remove() const;

  double epochs() const;  // done, by all

 private:
  void read();
  void write() const;

  TaskRun run_;
  std::int64_t networks_;
  std::string path_;  // empty: nothing is kept
  std::size_t next_ = 0;
  std::vector<TaskRunResult> results_;        // of networks that are done, read or trained
  std::vector<std::vector<Tensor>> weights_;  // theirs
  double epochs_of_paused_ = 0.0;
};

}  // namespace chronicler::tasks
