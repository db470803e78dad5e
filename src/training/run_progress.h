// How far a run of fit has come: by its batches, or by the clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "chronicler/training/callbacks.h"
#include "chronicler/training/fit_options.h"

namespace chronicler {

class RunProgress {
 public:
  // `steps`: batches in an epoch, if that is known.
  RunProgress(const FitOptions& options, const std::optional<std::int64_t>& steps);

  // Starts the clock, for a run that goes on from there.
  void begin(const TrainingProgress& before);
  // In epoch `epoch`, of which `share` is done (0 if that is not known).
  void update(std::int64_t epoch, double share, std::int64_t steps_done);

  const TrainingProgress& now() const { return now_; }
  // Epochs that there will be at most; empty if a limit of another kind ends the run.
  const std::optional<std::int64_t>& epochs() const { return epochs_; }
  // Whether max_seconds or max_epochs has been reached.
  bool has_reached_limit() const;

 private:
  double share() const;

  std::optional<double> max_seconds_;
  std::optional<double> max_epochs_;
  std::optional<std::int64_t> epochs_;
  std::optional<std::int64_t> all_steps_;
  std::chrono::steady_clock::time_point start_;
  TrainingProgress before_;  // an interruption
  TrainingProgress now_;
};

}  // namespace chronicler
