// How models are judged and asked over long sequences: part by part.
#pragma once

#include <cstdint>
#include <vector>

#include "chronicler/model/model.h"
#include "chronicler/training/dataset.h"

namespace chronicler {

// How many steps at a time a model goes over the inputs of a batch. 0: all of them at once.
// `asked`: by the user; 0 leaves it open, and then it is as many as a few MB hold of what the model
// computes, if an input is mapped from a file, or results are written to one, and the model can run
// in parts. Throws Error if it was asked for parts and cannot.
std::int64_t part_length(Model& model, const Batch& batch, std::int64_t asked,
                         bool writes_file = false);

// Throws Error unless it is 0 or above.
void check_steps_at_a_time(std::int64_t steps);

// While it lives, calls of the model are parts of the same sequences (Execution::begin_parts).
class PartsRun {
 public:
  PartsRun(Model& model, std::int64_t batch, bool goes_on = false);
  ~PartsRun();
  PartsRun(const PartsRun&) = delete;
  PartsRun& operator=(const PartsRun&) = delete;

 private:
  Model& model_;
};

// Puts the states aside that a model carries amid a sequence that it learns part by part, as long
// as it goes over other sequences. Those of stateful layers stay where they are.
class StatesAside {
 public:
  explicit StatesAside(Model& model);
  ~StatesAside();
  StatesAside(const StatesAside&) = delete;
  StatesAside& operator=(const StatesAside&) = delete;

 private:
  Model& model_;
  std::vector<State> states_;
};

}  // namespace chronicler
