#include "layers/recurrent/step_loop.h"

#include <algorithm>

#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/recurrent/checkpoints.h"
#include "layers/recurrent/keep_plan.h"
#include "layers/recurrent/loop_run.h"

namespace chronicler {
namespace {

// What forward leaves for backward: the steps, or what they are computed again from.
struct Record {
  std::span<LoopStep> steps;
  KeepPlan plan;
  Checkpoints* walk = nullptr;  // null: everything is kept
  LoopMoment begin;             // before step 0
  std::span<Value> moments;     // [slots][output and states]; the first is `begin`
  std::span<Value> carried;     // two moments, in turn those between steps of which nothing stays
};

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
      if (step_counts(mask, row, time) != masked) {
        std::copy_n(from.as<Real>() + row * width, width, to);
      } else {
        std::fill_n(to, width, Real{0});
      }
    }
  });
  return result;
}

// What one step keeps, by doing it, out of the way: twice, since the first may also lay out weights
// for all that follow.
Layer::KeptSteps measured(Pass& pass, const Layer& cell, const Call& call) {
  const LoopFlags flags;
  Pass aside{pass.arena.branch(), pass.runtime, pass.training, pass.step};
  LoopRun loop(aside, cell, flags, call);
  const LoopMoment begin{{}, call.inputs.subspan(1)};
  Layer::KeptSteps kept{.steps = loop.steps()};
  for (int time = 0; time < 2; ++time) {
    const std::size_t before = aside.arena.used();
    LoopStep& step = arena_objects<LoopStep>(aside.arena, 1)[0];
    loop.run_step(aside, 0, begin, true, step);
    kept.step_bytes = static_cast<std::int64_t>(aside.arena.used() - before);
    kept.state_bytes = 0;
    for (const Value& value : step.kept)
      kept.state_bytes += static_cast<std::int64_t>(value.data.bytes());
  }
  return kept;
}

// From the last kept moment to that before segment `target`, or to the end of the steps.
LoopMoment run_up_to(LoopRun& loop, Record& record, std::int64_t target, TensorView* sequence) {
  const std::int64_t size = record.plan.segment_steps;
  const auto slot = [&] {
    return record.moments.subspan(static_cast<std::size_t>(record.walk->slot()) * loop.values(),
                                  loop.values());
  };
  LoopMoment at = record.walk->segment() == 0 ? record.begin : LoopRun::moment_of(slot());
  for (std::int64_t segment = record.walk->segment(); segment < target;) {
    const Checkpoints::Stop stop = record.walk->next(target);
    at = loop.run_briefly(segment * size, std::min(stop.segment * size, loop.steps()), at,
                          record.carried, sequence);
    segment = stop.segment;
    if (!stop.keeps) continue;
    if (!record.moments[0].data) {
      for (std::size_t i = 0; i < record.moments.size(); ++i) {
        const TensorView& like = record.carried[i % loop.values()].data;
        record.moments[i].data = loop.pass().arena.tensor(like.shape(), like.dtype());
      }
    }
    copy(at.output, slot()[0].data);
    for (std::size_t s = 0; s < loop.states(); ++s) copy(at.states[s].data, slot()[1 + s].data);
  }
  return at;
}

// A copy, for what is between steps is written over by those that are computed again.
LoopMoment kept_apart(Arena& arena, const LoopMoment& moment) {
  const std::span<Value> own = arena_objects<Value>(arena, 1 + moment.states.size());
  const auto keep = [&](const TensorView& from, Value& to) {
    to.data = arena.tensor(from.shape(), from.dtype());
    copy(from, to.data);
  };
  keep(moment.output, own[0]);
  for (std::size_t s = 0; s < moment.states.size(); ++s) keep(moment.states[s].data, own[1 + s]);
  return LoopRun::moment_of(own);
}

// What forward will keep, and room for it.
void plan_loop(Pass& pass, const Layer& cell, const Call& call, Record& record) {
  const std::int64_t steps = call.inputs[0].data.shape()[1];
  record.plan = keep_everything(steps);
  if (call.tape == nullptr || !pass.keep_bytes) return;
  record.plan = keep_plan(measured(pass, cell, call), 1, *pass.keep_bytes, false);
  if (record.plan.keeps_all()) return;
  const auto slots = static_cast<std::size_t>(record.plan.slots);
  record.walk = new (pass.arena.allocate(sizeof(Checkpoints)))
      Checkpoints(arena_objects<std::int64_t>(pass.arena, slots));
  record.moments = arena_objects<Value>(pass.arena, slots * call.inputs.size());
}

}  // namespace

Layer::KeptSteps loop_kept_steps(const Layer& cell, std::span<const Shape> states, const Shape& x,
                                 DType dtype) {
  Arena arena;
  Pass pass{arena, Runtime::global(), true};
  const std::span<Value> inputs = arena_objects<Value>(arena, 1 + states.size());
  Shape one_step = x;
  one_step.set(1, 1);
  inputs[0].data = arena.zeros(one_step, dtype);
  for (std::size_t s = 0; s < states.size(); ++s)
    inputs[1 + s].data = arena.zeros(states[s], dtype);
  Call call;
  call.inputs = inputs;
  Layer::KeptSteps kept = measured(pass, cell, call);
  kept.steps = x[1];
  return kept;
}

void loop_forward(Pass& pass, const Layer& cell, const LoopFlags& flags, Call& call) {
  Arena& arena = pass.arena;
  LoopRun loop(pass, cell, flags, call);
  Record& record = arena_objects<Record>(arena, 1)[0];
  plan_loop(pass, cell, call, record);
  record.begin.states = call.inputs.subspan(1);
  if (pass.continues && loop.states() > 0) record.begin.output = record.begin.states[0].data;
  TensorView sequence;  // of outputs
  LoopMoment end;
  if (call.tape == nullptr) {
    end = loop.run_briefly(0, loop.steps(), record.begin, record.carried, &sequence);
  } else if (record.walk == nullptr) {
    record.steps = arena_objects<LoopStep>(arena, static_cast<std::size_t>(loop.steps()));
    end = loop.run_fully(0, record.begin, record.steps, &sequence);
  } else {
    end = run_up_to(loop, record, record.plan.segments, &sequence);
    end = kept_apart(arena, end);
  }
  pass.activity_penalty = loop.pass().activity_penalty;
  call.outputs[0] =
      flags.return_sequences ? Value{sequence, call.inputs[0].mask} : Value{end.output, {}};
  if (flags.return_state) std::copy(end.states.begin(), end.states.end(), call.outputs.begin() + 1);
  for (std::size_t s = 0; s < call.state.size(); ++s) copy(end.states[s].data, call.state[s]);
  if (call.tape != nullptr) call.tape->record = &record;
}

namespace {

// The way back through steps whose records are there: the gradients of the output and the states
// after the step that is looked at go from one to the next.
class LoopBack {
 public:
  LoopBack(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
           CallGradient& gradient)
      : pass_(pass),
        cell_(cell),
        flags_(flags),
        call_(call),
        gradient_(gradient),
        mask_(call.inputs[0].mask),
        states_(call.inputs.size() - 1),
        steps_(call.inputs[0].data.shape()[1]),
        after_(arena_objects<TensorView>(pass.arena, 1 + states_)),
        wanted_(arena_objects<bool>(pass.arena, 1 + states_)) {
    const TensorView& x = call.inputs[0].data;
    if (gradient.wanted[0]) gradient.inputs[0] = pass.arena.zeros(x.shape(), x.dtype());
    if (flags.return_state)
      std::copy(gradient.outputs.begin() + 1, gradient.outputs.end(), after_.begin() + 1);
    if (!flags.return_sequences) after_[0] = gradient.outputs[0];
    std::fill(wanted_.begin(), wanted_.end(), true);
    wanted_[0] = gradient.wanted[0];
  }

  // Steps from `begin` on, from the last. Each works in the memory of the one before, but the first
  // of all, in which a cell may lay out weights for those that follow.
  void take_back(std::int64_t begin, std::span<const LoopStep> steps) {
    for (std::size_t k = steps.size(); k-- > 0;) {
      Arena& arena = is_first_ ? pass_.arena.branch() : pass_.arena;
      const Arena::Mark scratch = pass_.arena.mark();
      take_back_step(arena, begin + static_cast<std::int64_t>(k), steps[k]);
      if (!is_first_) pass_.arena.rewind(scratch);
      is_first_ = false;
    }
  }

  void finish() const {
    for (std::size_t s = 1; s <= states_; ++s) {
      if (gradient_.wanted[s]) gradient_.inputs[s] = after_[s];
    }
  }

  // Room for what goes from step to step, like the output and the states.
  void make_places(std::span<const Value> moment) {
    places_ = two_like(pass_.arena, moment);
    const Shape& output = moment[0].data.shape();
    // What the output is also the first state of: then both gradients are of the same numbers.
    if (!pass_.observe || states_ == 0 || !(output == moment[1].data.shape())) return;
    call_.tape->observed = pass_.arena.zeros(output.with_front(steps_), moment[0].data.dtype());
  }

 private:
  void take_back_step(Arena& arena, std::int64_t i, const LoopStep& step) {
    Pass pass{arena, pass_.runtime, pass_.training, pass_.step, pass_.observe, pass_.continues};
    const std::int64_t time = time_of(flags_, i, steps_);
    const DType dtype = call_.inputs[0].data.dtype();
    if (flags_.return_sequences && gradient_.outputs[0]) {
      const TensorView here = arena.tensor(step.kept[0].data.shape(), dtype);
      copy_step(gradient_.outputs[0], i, here, true);
      after_[0] = added(arena, after_[0], here);
    }
    if (const TensorView& observed = call_.tape->observed) {
      const TensorView here = added(arena, after_[0], after_[1]);
      if (here) copy(here, observed.rows(i, i + 1).reshaped(here.shape()));
    }
    const std::span<TensorView> flowing = arena_objects<TensorView>(arena, 1 + states_);
    const std::span<TensorView> results = arena_objects<TensorView>(arena, 1 + states_);
    for (std::size_t s = 0; s <= states_; ++s)
      flowing[s] = part_of(arena, mask_, time, after_[s], false);
    invoke_back(pass, cell_, step.call, flowing, results, wanted_);
    if (wanted_[0] && results[0]) copy_step(gradient_.inputs[0], time, results[0], false);
    // What is in the memory of this step goes where the next one finds it, and not where this one
    // has found it: a cell may hand on a gradient as that of another state.
    for (std::size_t s = 0; s <= states_; ++s) {
      TensorView before;
      if (s > 0 || !flags_.zero_output_for_mask)
        before = part_of(arena, mask_, time, after_[s], true);
      if (s > 0) before = added(arena, results[s], before);
      flowing[s] = before;
    }
    const std::size_t half = (1 + states_) * static_cast<std::size_t>(i % 2);
    for (std::size_t s = 0; s <= states_; ++s) {
      after_[s] = flowing[s] ? places_[half + s].data : TensorView();
      if (flowing[s]) copy(flowing[s], after_[s]);
    }
  }

  Pass& pass_;
  const Layer& cell_;
  const LoopFlags& flags_;
  const Call& call_;
  CallGradient& gradient_;
  const TensorView& mask_;
  std::size_t states_;
  std::int64_t steps_;
  std::span<TensorView> after_;
  std::span<Value> places_;  // two of each, in turn
  std::span<bool> wanted_;
  bool is_first_ = true;
};

}  // namespace

void loop_backward(Pass& pass, const Layer& cell, const LoopFlags& flags, const Call& call,
                   CallGradient& gradient) {
  Record& record = *static_cast<Record*>(call.tape->record);
  LoopBack back(pass, cell, flags, call, gradient);
  if (record.walk == nullptr) {
    back.make_places(record.steps.back().kept);
    back.take_back(0, record.steps);
    back.finish();
    return;
  }
  back.make_places(record.carried.first(call.inputs.size()));
  LoopRun loop(pass, cell, flags, call);
  measured(pass, cell, call);  // lays out weights, if that is what the cell does first
  for (std::int64_t target = record.plan.segments; target-- > 0;) {
    const std::int64_t size = record.plan.segment_steps;
    const std::int64_t begin = target * size;
    const std::int64_t count = std::min(size, loop.steps() - begin);
    const Arena::Mark scratch = pass.arena.mark();
    const LoopMoment before = run_up_to(loop, record, target, nullptr);
    const std::span<LoopStep> steps =
        arena_objects<LoopStep>(pass.arena, static_cast<std::size_t>(count));
    loop.run_fully(begin, before, steps, nullptr);
    back.take_back(begin, steps);
    pass.arena.rewind(scratch);
    record.walk->taken_back(target);
  }
  back.finish();
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
