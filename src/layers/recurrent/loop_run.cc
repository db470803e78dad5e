#include "layers/recurrent/loop_run.h"

#include <algorithm>

#include "layers/core/dispatch.h"

namespace chronicler {

// Where step `step` of the loop is in time.
std::int64_t time_of(const LoopFlags& flags, std::int64_t step, std::int64_t steps) {
  return flags.go_backwards ? steps - 1 - step : step;
}

bool step_counts(const TensorView& mask, std::int64_t row, std::int64_t time) {
  return !mask || mask.as<std::uint8_t>()[row * mask.shape()[1] + time] != 0;
}

// Copies step `time` of (B, T, W) from or to (B, W).
void copy_step(const TensorView& sequence, std::int64_t time, const TensorView& one, bool to_one) {
  const std::int64_t rows = one.shape()[0];
  const std::int64_t width = one.size() / rows;
  const std::int64_t steps = sequence.shape()[1];
  with_real(one.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* at = sequence.as<Real>() + (row * steps + time) * width;
      Real* single = one.as<Real>() + row * width;
      if (to_one) {
        std::copy_n(at, width, single);
      } else {
        std::copy_n(single, width, at);
      }
    }
  });
}

// Room for two moments of the same shapes, one behind the other.
std::span<Value> two_like(Arena& arena, std::span<const Value> values) {
  const std::span<Value> room = arena_objects<Value>(arena, 2 * values.size());
  for (std::size_t i = 0; i < room.size(); ++i) {
    const TensorView& value = values[i % values.size()].data;
    room[i].data = arena.tensor(value.shape(), value.dtype());
  }
  return room;
}

namespace {

// `given` in the rows that count at this time, `other` (or 0) in the rest.
TensorView chosen(Arena& arena, const TensorView& mask, std::int64_t time, const TensorView& given,
                  const TensorView& other) {
  if (!mask) return given;
  const TensorView result = arena.tensor(given.shape(), given.dtype());
  const std::int64_t rows = given.shape()[0];
  const std::int64_t width = given.size() / rows;
  with_real(given.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* to = result.as<Real>() + row * width;
      const bool use = step_counts(mask, row, time);
      if (use || other) {
        std::copy_n((use ? given : other).template as<Real>() + row * width, width, to);
      } else {
        std::fill_n(to, width, Real{0});
      }
    }
  });
  return result;
}

}  // namespace

LoopRun::LoopRun(const Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call)
    : pass_(pass),
      cell_(cell),
      flags_(flags),
      x_(call.inputs[0].data),
      mask_(call.inputs[0].mask),
      states_(call.inputs.size() - 1),
      step_shape_(x_.shape().without_front()) {
  pass_.keep_bytes.reset();
  step_shape_.set(0, x_.shape()[0]);
}

void LoopRun::run_step(Pass& pass, std::int64_t i, const LoopMoment& before, bool keeps_tape,
                       LoopStep& step) const {
  Arena& arena = pass.arena;
  const std::span<Value> inputs = arena_objects<Value>(arena, values());
  inputs[0].data = arena.tensor(step_shape_, x_.dtype());
  copy_step(x_, time_of(flags_, i, steps()), inputs[0].data, true);
  std::copy(before.states.begin(), before.states.end(), inputs.begin() + 1);
  step.call.inputs = inputs;
  step.call.outputs = arena_objects<Value>(arena, values());
  step.call.tape = keeps_tape ? &step.tape : nullptr;
  step.call.time = i;
  invoke(pass, cell_, step.call);

  step.kept = arena_objects<Value>(arena, values());
  const TensorView& output = step.call.outputs[0].data;
  step.kept[0].data = chosen(arena, mask_, time_of(flags_, i, steps()), output,
                             flags_.zero_output_for_mask ? TensorView() : before.output);
  for (std::size_t s = 1; s <= states_; ++s)
    step.kept[s].data = chosen(arena, mask_, time_of(flags_, i, steps()), step.call.outputs[s].data,
                               inputs[s].data);
}

LoopMoment LoopRun::run_fully(std::int64_t begin, LoopMoment at, std::span<LoopStep> records,
                              TensorView* sequence) {
  for (std::int64_t i = begin; i < begin + static_cast<std::int64_t>(records.size()); ++i) {
    LoopStep& step = records[static_cast<std::size_t>(i - begin)];
    run_step(pass_, i, at, true, step);
    at = moment_of(step.kept);
    put_out(i, at, sequence);
  }
  return at;
}

LoopMoment LoopRun::run_briefly(std::int64_t begin, std::int64_t end, LoopMoment at,
                                std::span<Value>& carried, TensorView* sequence) {
  Arena& arena = pass_.arena;
  Arena::Mark scratch = arena.mark();
  for (std::int64_t i = begin; i < end; ++i) {
    LoopStep& step = arena_objects<LoopStep>(arena, 1)[0];
    run_step(pass_, i, at, false, step);
    put_out(i, moment_of(step.kept), sequence);
    const bool is_first = carried.empty();
    if (is_first) carried = two_like(arena, step.kept);
    // A cell may hand on a state as another one: what was before the step is not written to.
    const bool first_half = at.output.raw() != carried[0].data.raw();
    const std::span<Value> after = carried.subspan(first_half ? 0 : values(), values());
    for (std::size_t s = 0; s < after.size(); ++s) copy(step.kept[s].data, after[s].data);
    at = moment_of(after);
    if (is_first) {
      scratch = arena.mark();
    } else {
      arena.rewind(scratch);
    }
  }
  return at;
}

// The first output makes room for the sequence, if it is asked for.
void LoopRun::put_out(std::int64_t i, const LoopMoment& after, TensorView* sequence) {
  if (!flags_.return_sequences || sequence == nullptr) return;
  const TensorView& output = after.output;
  if (!*sequence) {
    *sequence = pass_.arena.tensor(
        output.shape().without_front().with_front(steps()).with_front(output.shape()[0]),
        output.dtype());
  }
  copy_step(*sequence, i, output, false);
}

}  // namespace chronicler
