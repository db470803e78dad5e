// A forecaster's training that was stopped, killed or lost its power, and goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/model/functional.h"
#include "chronicler/tasks/forecaster.h"
#include "tasks/forecast/training.h"

namespace chronicler::tasks {

// The file that options.checkpoint names; does nothing if it names none.
class Checkpoint {
 public:
  // With options.resume, reads what is there. Throws Error if that is of another run: of other
  // options, or other data, of which the recipe, as JSON, tells what was learnt.
  Checkpoint(const ForecastOptions& options, const std::string& recipe);

  // Weights of the networks that are done.
  const std::vector<std::vector<Tensor>>& finished() const { return finished_; }
  // How far the network after those had come.
  std::optional<TrainingState> state_of(std::int64_t member) const;

  void keep(const std::vector<Functional>& finished, const TrainingState& state) const;
  void remove() const;

 private:
  std::string path_;
  std::string identity_;
  std::vector<std::vector<Tensor>> finished_;
  std::optional<TrainingState> state_;
};

}  // namespace chronicler::tasks
