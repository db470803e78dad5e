// A run of fit that is killed at any batch and started again ends with the same bits as one that
// was not.
#pragma once

#include <cstdint>
#include <string>

#include "chronicler/training/callbacks.h"
#include "training/trainer.h"

namespace chronicler {

// One run of fit, as far as it has come.
struct FitRun {
  Model& model;
  Trainer& trainer;
  const std::vector<CallbackPtr>& callbacks;
  History& history;

  // What must be the same when it goes on.
  std::int64_t samples = 0;
  std::int64_t batch_size = 0;
  std::int64_t steps = 0;  // an epoch
  bool shuffle = true;
  std::string bptt = {};  // steps and stride, if sequences are learnt part by part

  std::uint64_t seed = 0;  // of the order of the samples
  // What comes next: this batch of this epoch, or part of one; `steps` stands for the end of the
  // epoch.
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  TrainingProgress progress;  // so far
  // Whether training was stopped amid an epoch. What is left of the epoch is then still to be done.
  bool interrupted = false;
  bool paused = false;  // after an epoch: the next is still to be done
};

// fit calls the three when everybody else has seen what happened.
class BackupCallback : public Callback {
 public:
  explicit BackupCallback(const callbacks::BackupAndRestoreOptions& options);

  // Goes on where a run that did not end was, if there is one. Throws Error if that was another.
  void restore(FitRun& run);
  void after_batch(const FitRun& run);
  void after_epoch(const FitRun& run);
  void after_run(const FitRun& run);

 private:
  bool is_due(const FitRun& run);
  void save(const FitRun& run, bool at_end_of_epoch);

  callbacks::BackupAndRestoreOptions options_;
  std::string path_;
  std::int64_t batches_since_saving_ = 0;
  double seconds_at_saving_ = 0.0;
};

}  // namespace chronicler
