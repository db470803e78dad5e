// A call of SimpleRNN, LSTM or GRU while it runs: what the kernels work on, some steps at a time.
#pragma once

#include <cstdint>

#include "kernels/recurrence.h"
#include "layers/recurrent/checkpoints.h"
#include "layers/recurrent/keep_plan.h"
#include "layers/recurrent/recurrent.h"
#include "layers/recurrent/sequence_output.h"

namespace chronicler {

// Lies in the arena of its pass, from forward to backward.
template <class Real>
struct SegmentedRun : RecurrentLayer::Segments {
  const kernels::CellKernels<Real>* kernels = nullptr;
  // All steps; but its states and its tape begin at step `first`, and there is room for some.
  kernels::Recurrence<Real> run;
  std::int64_t first = 0;
  std::int64_t room = 0;
  bool has_tape = false;

  KeepPlan plan;
  Checkpoints* walk = nullptr;  // null: everything is kept
  Real* kept_states = nullptr;  // [slots][states][N][U]

  Real* y = nullptr;  // (N, T, U), or of the last step alone
  bool sequences = false;
  MaskedOutput masked{};
  std::uint8_t* seen = nullptr;  // [N]: see MaskedOutput; null: nothing is masked

  // ---- on the way back
  kernels::RecurrenceGradient<Real> flow;
  const Real* dy = nullptr;     // of the sequence of outputs
  Real* output_flow = nullptr;  // [piece_steps][N][U]  dLoss/d hidden of some steps, by the outputs
  Real* carry = nullptr;        // [N][U]  what masked steps hand to those before
  std::int64_t piece_steps = 0;     // taken back at a time
  std::int64_t weight_shares = 0;   // 0: no weight learns
  std::int64_t workspace_size = 0;  // of a share
  Real* workspace = nullptr;

  std::int64_t state_size() const { return run.rows * run.units; }
  std::int64_t states() const { return 1 + kernels->cells; }
  // State `which`, h is 0, in a slot of the run.
  Real* state(std::int64_t slot, std::int64_t which) const {
    return which == 0 ? run.hidden + slot * state_size()
                      : run.cell + (slot * kernels->cells + which - 1) * state_size();
  }

  // Some steps as a run of their own. Their tape must be in work.
  kernels::Recurrence<Real> part(kernels::Range range) const {
    kernels::Recurrence<Real> some = input_part(range);
    const std::int64_t offset = range.begin - first;
    some.hidden += offset * state_size();
    if (some.cell != nullptr) some.cell += offset * kernels->cells * state_size();
    some.state_slots -= offset;
    const std::int64_t tape_offset = offset * kernels->tape_blocks * state_size();
    some.tape += tape_offset;
    if (some.preactivations != nullptr) some.preactivations += tape_offset;
    some.tape_slots -= offset;
    return some;
  }
  // The same without a tape, from the states in slot 0 on.
  kernels::Recurrence<Real> brief_part(kernels::Range range, std::int64_t state_slots) const {
    kernels::Recurrence<Real> some = input_part(range);
    some.state_slots = state_slots;
    some.tape_slots = RecurrentLayer::brief_tape(run.tape_slots, run.rows);
    some.preactivations = nullptr;
    return some;
  }

 private:
  kernels::Recurrence<Real> input_part(kernels::Range range) const {
    kernels::Recurrence<Real> some = run;
    some.steps = range.size();
    some.x.data += range.begin * run.x.step_stride;
    if (some.mask != nullptr) some.mask += range.begin * run.rows;
    return some;
  }
};

// Pairs of steps and rows that are taken back at a time: the gradients of the outputs are laid out
// for so many, and those of the gates are in a cache when the weights' are made of them.
inline constexpr std::int64_t pairs_at_a_time = 2048;

// Runs steps from the states in slot 0, and keeps nothing of them but the states after them, which
// are in slot 0 then. With `writes`, these steps of a sequence of outputs are written.
template <class Real>
void run_briefly(Pass& pass, SegmentedRun<Real>& segments, kernels::Range steps, bool writes);

// Runs steps whose states and tape are kept.
template <class Real>
void run_fully(Pass& pass, SegmentedRun<Real>& segments, kernels::Range steps, bool writes);

// The whole run, of which states are kept at some steps, and the tape of the last ones.
template <class Real>
void run_forgetting(Pass& pass, SegmentedRun<Real>& segments);

// Takes back steps whose tape is there.
template <class Real>
void take_back(Pass& pass, SegmentedRun<Real>& segments, kernels::Range steps);

// Takes back the whole run, computing again what was not kept.
template <class Real>
void take_back_forgotten(Pass& pass, SegmentedRun<Real>& segments);

}  // namespace chronicler
