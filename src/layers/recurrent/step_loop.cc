#include "layers/recurrent/step_loop.h"

#include <algorithm>

#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"

namespace chronicler {
namespace {

// One step of the loop: the cell's call, and what came out of it once masked rows had been put
// back.
struct Step {
  Call call;
  Tape tape;
  std::span<Value> kept;  // output and states after the step
};

struct Record {
  std::span<Step> steps;
};

// Where step `step` of the loop is in time.
std::int64_t time_of(const LoopFlags& flags, std::int64_t step, std::int64_t steps) {
  return flags.go_backwards ? steps - 1 - step : step;
}

bool counts(const TensorView& mask, std::int64_t row, std::int64_t time) {
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
      const bool use = counts(mask, row, time);
      if (use || other) {
        std::copy_n((use ? given : other).template as<Real>() + row * width, width, to);
      } else {
        std::fill_n(to, width, Real{0});
      }
    }
  });
  return result;
}

// Room for values of the same shapes.
std::span<Value> like(Arena& arena, std::span<const Value> values) {
  const std::span<Value> room = arena_objects<Value>(arena, values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    room[i].data = arena.tensor(values[i].data.shape(), values[i].data.dtype());
  return room;
}

// The rows of `from` that count at this time (or, with `masked`, those that do not); 0 elsewhere.
TensorView part_of(Arena& arena, const TensorView& mask, std::int64_t time, const TensorView& from,
                   bool masked) {
  if (!from) return {};
  if (!mask) return masked ? TensorView() : from;
  const TensorView result = arena.tensor(from.shape(), from.dtype());
  const std::int64_t rows = from.shape()[0];
  const std::int64_t width = from.size() / rows;
  with_real(from.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* to = result.as<Real>() + row * width;
      if (counts(mask, row, time) != masked) {
        std::copy_n(from.as<Real>() + row * width, width, to);
      } else {
        std::fill_n(to, width, Real{0});
      }
    }
  });
  return result;
}

// The cell once, from these inputs: the step's and the states.
void run_step(Pass& pass, const Layer& cell, std::span<const Value> inputs, std::int64_t place,
              bool keeps_tape, Step& step) {
  step.call.inputs = inputs;
  step.call.outputs = arena_objects<Value>(pass.arena, inputs.size());
  step.call.tape = keeps_tape ? &step.tape : nullptr;
  step.call.time = place;
  invoke(pass, cell, step.call);
}

}  // namespace

void loop_forward(Pass& pass, const Layer& cell, const LoopFlags& flags, Call& call) {
  Arena& arena = pass.arena;
  const TensorView& x = call.inputs[0].data;
  const TensorView& mask = call.inputs[0].mask;
  const std::int64_t steps = x.shape()[1];
  const std::size_t states = call.inputs.size() - 1;
  Shape step_shape = x.shape().without_front();
  step_shape.set(0, x.shape()[0]);

  Record& record = arena_objects<Record>(arena, 1)[0];
  record.steps = arena_objects<Step>(arena, static_cast<std::size_t>(steps));
  std::span<const Value> before = call.inputs.subspan(1);
  TensorView last;  // the output that a masked step repeats
  if (pass.continues && states > 0) last = before[0].data;
  TensorView sequence;  // of outputs
  // Without a tape all steps but the first work in the same memory.
  Arena::Mark scratch;
  std::span<Value> carried;
  for (std::int64_t i = 0; i < steps; ++i) {
    Step& step = record.steps[static_cast<std::size_t>(i)];
    const std::int64_t time = time_of(flags, i, steps);
    const std::span<Value> inputs = arena_objects<Value>(arena, 1 + states);
    inputs[0].data = arena.tensor(step_shape, x.dtype());
    copy_step(x, time, inputs[0].data, true);
    std::copy(before.begin(), before.end(), inputs.begin() + 1);
    run_step(pass, cell, inputs, i, call.tape != nullptr, step);

    step.kept = arena_objects<Value>(arena, 1 + states);
    const TensorView& output = step.call.outputs[0].data;
    step.kept[0].data =
        chosen(arena, mask, time, output, flags.zero_output_for_mask ? TensorView() : last);
    for (std::size_t s = 1; s <= states; ++s)
      step.kept[s].data = chosen(arena, mask, time, step.call.outputs[s].data, inputs[s].data);
    last = step.kept[0].data;
    before = step.kept.subspan(1);
    if (flags.return_sequences && !sequence) {
      sequence = arena.tensor(
          output.shape().without_front().with_front(steps).with_front(output.shape()[0]),
          output.dtype());
    }
    if (flags.return_sequences) copy_step(sequence, i, last, false);
    if (call.tape != nullptr) continue;
    if (i == 0) {
      carried = like(arena, step.kept);
      scratch = arena.mark();
      continue;
    }
    for (std::size_t s = 0; s <= states; ++s) copy(step.kept[s].data, carried[s].data);
    last = carried[0].data;
    before = carried.subspan(1);
    arena.rewind(scratch);
  }
  call.outputs[0] = flags.return_sequences ? Value{sequence, mask} : Value{last, {}};
  if (flags.return_state) std::copy(before.begin(), before.end(), call.outputs.begin() + 1);
  for (std::size_t s = 0; s < call.state.size(); ++s) copy(before[s].data, call.state[s]);
  if (call.tape != nullptr) call.tape->record = &record;
}

void loop_backward(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
                   CallGradient& gradient) {
  Arena& arena = pass.arena;
  const Record& record = *static_cast<const Record*>(call.tape->record);
  const TensorView& x = call.inputs[0].data;
  const TensorView& mask = call.inputs[0].mask;
  const std::int64_t steps = x.shape()[1];
  const std::size_t states = call.inputs.size() - 1;
  if (gradient.wanted[0]) gradient.inputs[0] = arena.zeros(x.shape(), x.dtype());
  // What the output is also the first state of: then both gradients are of the same numbers.
  const Value* last = record.steps.back().call.outputs.data();
  if (pass.observe && states > 0 && last[0].data.shape() == last[1].data.shape()) {
    const Shape& state = last[0].data.shape();
    call.tape->observed = arena.zeros(state.with_front(steps), x.dtype());
  }

  // Gradients of the output and the states after the step that is looked at.
  const std::span<TensorView> after = arena_objects<TensorView>(arena, 1 + states);
  if (flags.return_state)
    std::copy(gradient.outputs.begin() + 1, gradient.outputs.end(), after.begin() + 1);
  if (!flags.return_sequences) after[0] = gradient.outputs[0];
  for (std::int64_t i = steps; i-- > 0;) {
    const Step& step = record.steps[static_cast<std::size_t>(i)];
    const std::int64_t time = time_of(flags, i, steps);
    if (flags.return_sequences && gradient.outputs[0]) {
      const TensorView here = arena.tensor(step.kept[0].data.shape(), x.dtype());
      copy_step(gradient.outputs[0], i, here, true);
      after[0] = added(arena, after[0], here);
    }
    if (const TensorView& observed = call.tape->observed) {
      const TensorView here = added(arena, after[0], after[1]);
      if (here) copy(here, observed.rows(i, i + 1).reshaped(here.shape()));
    }
    const std::span<TensorView> flowing = arena_objects<TensorView>(arena, 1 + states);
    const std::span<TensorView> results = arena_objects<TensorView>(arena, 1 + states);
    const std::span<bool> wanted = arena_objects<bool>(arena, 1 + states);
    std::fill(wanted.begin(), wanted.end(), true);
    wanted[0] = gradient.wanted[0];
    for (std::size_t s = 0; s <= states; ++s)
      flowing[s] = part_of(arena, mask, time, after[s], false);
    invoke_back(pass, cell, step.call, flowing, results, wanted);
    if (wanted[0] && results[0]) copy_step(gradient.inputs[0], time, results[0], false);
    for (std::size_t s = 1; s <= states; ++s)
      after[s] = added(arena, results[s], part_of(arena, mask, time, after[s], true));
    after[0] =
        flags.zero_output_for_mask ? TensorView() : part_of(arena, mask, time, after[0], true);
  }
  for (std::size_t s = 1; s <= states; ++s) {
    if (gradient.wanted[s]) gradient.inputs[s] = after[s];
  }
}

namespace {

struct SequenceRecord {
  Call call;
  Tape tape;
};

}  // namespace

void sequence_forward(Pass& pass, const Layer& cell, const LoopFlags& flags,
                      std::span<const Shape> states, Call& call) {
  Arena& arena = pass.arena;
  SequenceRecord& record = arena_objects<SequenceRecord>(arena, 1)[0];
  record.call = call;
  record.call.tape = call.tape == nullptr ? nullptr : &record.tape;
  if (call.inputs.size() == 1) {
    const std::span<Value> inputs = arena_objects<Value>(arena, 1 + states.size());
    inputs[0] = call.inputs[0];
    for (std::size_t s = 0; s < states.size(); ++s) {
      inputs[1 + s].data = arena.zeros(states[s], call.inputs[0].data.dtype());
      if (!call.state.empty()) copy(call.state[s], inputs[1 + s].data);
    }
    record.call.inputs = inputs;
  }
  loop_forward(pass, cell, flags, record.call);
  if (call.tape != nullptr) call.tape->record = &record;
}

void sequence_backward(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
                       CallGradient& gradient) {
  SequenceRecord& record = *static_cast<SequenceRecord*>(call.tape->record);
  const std::size_t inputs = record.call.inputs.size();
  const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, inputs);
  const std::span<bool> wanted = arena_objects<bool>(pass.arena, inputs);
  std::copy(gradient.wanted.begin(), gradient.wanted.end(), wanted.begin());
  CallGradient inner{gradient.outputs, results, wanted};
  loop_backward(pass, cell, flags, record.call, inner);
  call.tape->observed = record.tape.observed;
  std::copy_n(results.begin(), gradient.inputs.size(), gradient.inputs.begin());
  fill_missing(pass, call, gradient);
}

}  // namespace chronicler
