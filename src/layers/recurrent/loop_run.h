// Steps of a loop over a cell: what they are given, what they leave, where that lies.
#pragma once

#include <cstdint>
#include <span>

#include "layers/core/invoke.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {

// One step of the loop: the cell's call, and what came out of it once masked rows had been put
// back.
struct LoopStep {
  Call call;
  Tape tape;
  std::span<Value> kept;  // output and states after the step
};

// The output and the states between two steps.
struct LoopMoment {
  TensorView output;  // what a masked step repeats; empty: there was none
  std::span<const Value> states;
};

// Where step `step` of the loop is in time.
std::int64_t time_of(const LoopFlags& flags, std::int64_t step, std::int64_t steps);
// Whether a row's step counts.
bool step_counts(const TensorView& mask, std::int64_t row, std::int64_t time);
// Copies step `time` of (B, T, W) from or to (B, W).
void copy_step(const TensorView& sequence, std::int64_t time, const TensorView& one, bool to_one);
// Room for two moments of the same shapes, one behind the other.
std::span<Value> two_like(Arena& arena, std::span<const Value> values);

// A call of a loop, on its way forward or back.
class LoopRun {
 public:
  LoopRun(const Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call);

  std::int64_t steps() const { return x_.shape()[1]; }
  std::size_t states() const { return states_; }
  std::size_t values() const { return 1 + states_; }
  Pass& pass() { return pass_; }

  // Step `i`, from what was before it.
  void run_step(Pass& pass, std::int64_t i, const LoopMoment& before, bool keeps_tape,
                LoopStep& step) const;
  // Steps from `begin` on, each of which leaves its record, and its output if there is a sequence
  // of them. Gives what is after the last one.
  LoopMoment run_fully(std::int64_t begin, LoopMoment at, std::span<LoopStep> records,
                       TensorView* sequence);
  // The same, and nothing stays but what is after the last step: all steps work in the same memory.
  // The moments between them are in `carried`; if it is empty it is made, and the first step's
  // memory stays.
  LoopMoment run_briefly(std::int64_t begin, std::int64_t end, LoopMoment at,
                         std::span<Value>& carried, TensorView* sequence);

  static LoopMoment moment_of(std::span<const Value> values) {
    return {values[0].data, values.subspan(1)};
  }

 private:
  void put_out(std::int64_t i, const LoopMoment& after, TensorView* sequence);

  Pass pass_;  // whose bytes are the loop's own
  const Layer& cell_;
  const LoopFlags& flags_;
  const TensorView& x_;
  const TensorView& mask_;
  std::size_t states_;
  Shape step_shape_;
};

}  // namespace chronicler
