// The run of a recurrent layer over its steps, and back: all of them, or some at a time.
#include <algorithm>
#include <cstring>
#include <optional>

#include "kernels/dropout.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/recurrent/segmented_run.h"
#include "layers/recurrent/slices.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Recurrence;
using kernels::RecurrenceGradient;
using kernels::Share;

// (B, T) to the order in which the kernels walk: [T][B], reversed for a layer that goes backwards.
const std::uint8_t* step_major_mask(Pass& pass, const TensorView& mask, bool backwards) {
  if (!mask) return nullptr;
  const std::int64_t rows = mask.shape()[0];
  const std::int64_t steps = mask.shape()[1];
  const auto* from = mask.as<std::uint8_t>();
  auto* to = pass.arena.array<std::uint8_t>(rows * steps);
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::int64_t source = backwards ? steps - 1 - t : t;
    for (std::int64_t n = 0; n < rows; ++n) to[t * rows + n] = from[n * steps + source];
  }
  return to;
}

template <class Real>
void start_state(const TensorView& given, Real* slot, std::int64_t count) {
  if (given) {
    std::memcpy(slot, given.as<Real>(), static_cast<std::size_t>(count) * sizeof(Real));
  } else {
    std::fill_n(slot, count, Real{0});
  }
}

// The state that a call starts from: given as an input, or carried; empty for zeros.
TensorView given_state(const Call& call, std::size_t index) {
  if (call.inputs.size() > 1) return call.inputs[index + 1].data;
  return call.state.empty() ? TensorView() : call.state[index];
}

template <class Real>
const Real* dropout_factors(Pass& pass, const Random& random, double rate, std::int64_t count,
                            std::uint64_t stream) {
  auto* factors = pass.arena.array<Real>(count);
  kernels::dropout_factors(random, stream, 0, rate,
                           std::span(factors, static_cast<std::size_t>(count)));
  return factors;
}

// Whether backward needs what the activations were given, besides what they gave.
template <class Real>
bool keeps_sums(const Recurrence<Real>& run) {
  return kernels::needs_input(run.activation) || kernels::needs_input(run.recurrent_activation);
}

// What the steps of a run keep, one after another, and what they need on their way.
template <class Real>
void make_room(Arena& arena, SegmentedRun<Real>& segments) {
  Recurrence<Real>& run = segments.run;
  const kernels::CellKernels<Real>& kernels = *segments.kernels;
  const bool training = segments.has_tape;
  const std::int64_t state_size = segments.state_size();
  const std::int64_t steps_at_a_time = std::max<std::int64_t>(1, pairs_at_a_time / run.rows);
  segments.room = training             ? segments.plan.room()
                  : segments.sequences ? std::min(run.steps, steps_at_a_time)
                                       : 1;
  run.state_slots = segments.room + 1;
  run.hidden = arena.array<Real>(run.state_slots * state_size);
  if (kernels.cells > 0) run.cell = arena.array<Real>(run.state_slots * kernels.cells * state_size);
  run.tape_slots = training ? segments.room : RecurrentLayer::brief_tape(run.steps, run.rows);
  const std::int64_t tape_size = run.tape_slots * state_size * kernels.tape_blocks;
  run.tape = arena.array<Real>(tape_size);
  if (training && keeps_sums(run)) run.preactivations = arena.array<Real>(tape_size);
  run.packed = arena.array<Real>(kernels.packed_size(run, training));
  run.scratch = arena.array<Real>(run.rows * kernels.scratch_size(run, training));
  if (segments.plan.keeps_all()) return;
  segments.kept_states = arena.array<Real>(segments.plan.slots * segments.states() * state_size);
  const auto slots = static_cast<std::size_t>(segments.plan.slots);
  segments.walk = new (arena.allocate(sizeof(Checkpoints)))
      Checkpoints(arena_objects<std::int64_t>(arena, slots));
}

// What flows into the outputs: those of a sequence in their turn, the last one's into the last
// state.
template <class Real>
void meet_output_gradient(Arena& arena, const TensorView& dy, SegmentedRun<Real>& segments) {
  const Recurrence<Real>& run = segments.run;
  const std::int64_t size = segments.state_size();
  segments.dy = nullptr;
  segments.output_flow = nullptr;
  if (dy && segments.sequences) {
    segments.dy = dy.as<Real>();
    segments.output_flow =
        arena.array<Real>(std::min({segments.piece_steps, run.steps, segments.room}) * size);
    segments.carry = arena.array<Real>(size);
    std::fill_n(segments.carry, size, Real{0});
  } else if (dy) {
    for (std::int64_t n = 0; n < run.rows; ++n) {
      if (!last_output_is_state(run, segments.masked, n)) continue;
      const Real* from = dy.as<Real>();
      for (std::int64_t u = n * run.units; u < (n + 1) * run.units; ++u)
        segments.flow.hidden[u] += from[u];
    }
  }
}

template <class Real>
SegmentedRun<Real>& typed(RecurrentLayer::Segments& segments) {
  return static_cast<SegmentedRun<Real>&>(segments);
}

}  // namespace

std::int64_t RecurrentLayer::brief_tape(std::int64_t slots, std::int64_t rows) {
  constexpr std::int64_t rows_in_flight = 128;  // of gates, when nothing has to be kept
  return std::min(slots, std::max<std::int64_t>(1, rows_in_flight / rows));
}

std::int64_t RecurrentLayer::steps_summed(std::int64_t rows) const {
  if (runs_by_steps()) return 1;
  constexpr std::int64_t cached = 512 * 1024;  // bytes of a matrix that stays in a core's cache
  std::int64_t largest = 0;
  for (const Parameter& parameter : parameters())
    largest = std::max(largest, static_cast<std::int64_t>(parameter.value.bytes()));
  return summed_steps(rows, largest > cached);
}

Layer::KeptSteps RecurrentLayer::kept_of_kernels(std::span<const Shape> inputs) const {
  return with_real(dtype(), [&](auto real) {
    using Real = decltype(real);
    const Common options = common();
    Recurrence<Real> run;
    const kernels::CellKernels<Real>& kernels = cell(run);
    const std::int64_t block = inputs[0][0] * options.units * std::int64_t{sizeof(Real)};
    const std::int64_t states = 1 + kernels.cells;
    const std::int64_t tape = (keeps_sums(run) ? 2 : 1) * kernels.tape_blocks;
    const std::int64_t flow = options.return_sequences ? 1 : 0;
    return KeptSteps{inputs[0][1], (tape + states + flow) * block, states * block};
  });
}

template <class Real>
Recurrence<Real> RecurrentLayer::describe_run(const TensorView& x) const {
  const Common options = common();
  Recurrence<Real> run;
  run.rows = x.shape()[0];
  run.steps = x.shape()[1];
  run.features = x.shape()[2];
  run.units = options.units;
  run.x.row_stride = run.steps * run.features;
  run.x.step_stride = options.go_backwards ? -run.features : run.features;
  run.x.data = x.as<Real>() + (options.go_backwards ? (run.steps - 1) * run.features : 0);
  run.kernel = parameters_[0].value.as<Real>();
  run.recurrent_kernel = parameters_[1].value.as<Real>();
  run.bias = options.use_bias ? parameters_[2].value.as<Real>() : nullptr;
  return run;
}

// Keras draws one factor for each row and feature and keeps it over all steps; with recurrent
// dropout every gate has its own.
template <class Real>
void RecurrentLayer::draw_dropout(Pass& pass, Recurrence<Real>& run, std::int64_t gates) const {
  const Common options = common();
  const Random random(options.seed ? static_cast<std::uint64_t>(*options.seed) : drawn_seed());
  if (options.dropout > 0.0) {
    run.input_dropout_blocks = options.recurrent_dropout > 0.0 ? gates : 1;
    const std::int64_t count = run.input_dropout_blocks * run.rows * run.features;
    run.input_dropout = dropout_factors<Real>(pass, random, options.dropout, count, 2 * pass.step);
  }
  if (options.recurrent_dropout > 0.0) {
    const std::int64_t count = gates * run.rows * run.units;
    run.recurrent_dropout =
        dropout_factors<Real>(pass, random, options.recurrent_dropout, count, 2 * pass.step + 1);
  }
}

template <class Real>
SegmentedRun<Real>& RecurrentLayer::begin_run(Pass& pass, Call& call) const {
  const Common options = common();
  Arena& arena = pass.arena;
  auto& segments = arena_objects<SegmentedRun<Real>>(arena, 1)[0];
  Recurrence<Real>& run = segments.run;
  run = describe_run<Real>(call.inputs[0].data);
  const kernels::CellKernels<Real>& kernels = cell(run);
  segments.kernels = &kernels;
  segments.steps = run.steps;
  segments.steps_summed = steps_summed(run.rows);
  segments.has_tape = call.tape != nullptr;
  segments.sequences = options.return_sequences;
  segments.masked = {options.zero_output_for_mask, pass.continues};
  segments.plan = keep_everything(run.steps);
  if (segments.has_tape && pass.keep_bytes) {
    const Shape& x = call.inputs[0].data.shape();
    segments.plan =
        keep_plan(kept_of_kernels(std::span(&x, 1)), segments.steps_summed, *pass.keep_bytes);
  }
  segments.keeps_all = segments.plan.keeps_all();
  run.mask = step_major_mask(pass, call.inputs[0].mask, options.go_backwards);
  if (run.mask != nullptr && segments.sequences) {
    segments.seen = arena.array<std::uint8_t>(run.rows);
    std::fill_n(segments.seen, run.rows, static_cast<std::uint8_t>(pass.continues));
  }
  if (pass.training) draw_dropout(pass, run, kernels.gate_blocks);
  make_room(arena, segments);
  for (std::int64_t i = 0; i < segments.states(); ++i) {
    start_state(given_state(call, static_cast<std::size_t>(i)), segments.state(0, i),
                segments.state_size());
  }
  const std::int64_t shares = share_count(pass, run, kernels.gate_blocks);
  pass.runtime.parallel(shares, [&](std::int64_t i) { kernels.prepare(run, {i, shares}); });
  const TensorView y = arena.tensor(
      options.return_sequences ? Shape{run.rows, run.steps, run.units} : Shape{run.rows, run.units},
      dtype());
  segments.y = y.as<Real>();
  call.outputs[0] = {y, options.return_sequences ? call.inputs[0].mask : TensorView()};
  return segments;
}

template <class Real>
void RecurrentLayer::end_run(Pass& pass, Call& call, SegmentedRun<Real>& segments) const {
  const Common options = common();
  const Recurrence<Real>& run = segments.run;
  const std::int64_t size = segments.state_size();
  // Without a tape the last states are in slot 0; those that a segment is computed over again do
  // not stay.
  const std::int64_t last = segments.has_tape ? run.steps - segments.first : 0;
  for (std::int64_t n = 0; !segments.sequences && n < run.rows; ++n) {
    Real* out = segments.y + n * run.units;
    if (last_output_is_state(run, segments.masked, n)) {
      std::copy_n(run.hidden + last * size + n * run.units, run.units, out);
    } else {
      std::fill_n(out, run.units, Real{0});
    }
  }
  for (std::int64_t i = 0; i < segments.states(); ++i) {
    const auto which = static_cast<std::size_t>(i);
    TensorView state(segments.state(last, i), dtype(), {run.rows, run.units});
    if (!call.state.empty()) copy(state, call.state[which]);
    if (!options.return_state) continue;
    if (!segments.keeps_all) {
      const TensorView own = pass.arena.tensor(state.shape(), dtype());
      copy(state, own);
      state = own;
    }
    call.outputs[which + 1] = {state, {}};
  }
  if (call.tape != nullptr) call.tape->record = &segments;
}

// The gradients of the last states, where a call gives them on, and that of the input.
template <class Real>
SegmentedRun<Real>& RecurrentLayer::begin_run_back(Pass& pass, const Call& call,
                                                   CallGradient& gradient) const {
  const Common options = common();
  Arena& arena = pass.arena;
  auto& segments = *static_cast<SegmentedRun<Real>*>(call.tape->record);
  const Recurrence<Real>& run = segments.run;
  const kernels::CellKernels<Real>& kernels = *segments.kernels;
  const std::int64_t size = segments.state_size();
  const std::int64_t together = segments.steps_summed;
  segments.piece_steps = std::max(together, pairs_at_a_time / run.rows / together * together);
  RecurrenceGradient<Real>& flow = segments.flow = {};
  flow.hidden = arena.array<Real>(size);
  if (kernels.cells > 0) flow.cell = arena.array<Real>(kernels.cells * size);
  for (std::int64_t i = 0; i < segments.states(); ++i) {
    const auto which = static_cast<std::size_t>(i);
    start_state(options.return_state ? gradient.outputs[which + 1] : TensorView(),
                i == 0 ? flow.hidden : flow.cell + (i - 1) * size, size);
  }
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.tensor({run.rows, run.steps, run.features}, dtype());
    flow.x.row_stride = run.x.row_stride;
    flow.x.step_stride = run.x.step_stride;
    flow.x.data = gradient.inputs[0].template as<Real>() +
                  (options.go_backwards ? (run.steps - 1) * run.features : 0);
  }
  meet_output_gradient(arena, gradient.outputs[0], segments);
  if (pass.observe) {
    call.tape->observed = arena.tensor({run.steps, run.rows, run.units}, dtype());
    flow.trace = call.tape->observed.template as<Real>();
  }
  segments.weight_shares = 0;
  if (learns()) {
    flow.kernel = parameters_[0].gradient.as<Real>();
    flow.recurrent_kernel = parameters_[1].gradient.as<Real>();
    if (options.use_bias) flow.bias = parameters_[2].gradient.as<Real>();
    const bool small = multiplications(run, kernels.gate_blocks) < inline_work;
    segments.weight_shares = small ? 1 : pass.runtime.threads();
    // Shares of it lie side by side, each on lines of its own.
    constexpr std::int64_t line = 64 / sizeof(Real);
    segments.workspace_size = (kernels.workspace_size(run) + line - 1) / line * line;
    segments.workspace = arena.array<Real>(segments.weight_shares * segments.workspace_size);
  }
  const std::int64_t shares = share_count(pass, run, kernels.gate_blocks);
  pass.runtime.parallel(shares, [&](std::int64_t i) {
    kernels.prepare_backward(run, flow, {i, shares});
  });
  return segments;
}

RecurrentLayer::Segments& RecurrentLayer::begin_forward(Pass& pass, Call& call) const {
  return with_real(dtype(),
                   [&](auto real) -> Segments& { return begin_run<decltype(real)>(pass, call); });
}

void RecurrentLayer::forward_steps(Pass& pass, Segments& segments, Range steps) const {
  with_real(dtype(), [&](auto real) {
    auto& run = typed<decltype(real)>(segments);
    if (run.has_tape) {
      run_fully(pass, run, steps, true);
    } else {
      run_briefly(pass, run, steps, true);
    }
  });
}

void RecurrentLayer::end_forward(Pass& pass, Call& call, Segments& segments) const {
  with_real(dtype(), [&](auto real) { end_run(pass, call, typed<decltype(real)>(segments)); });
}

RecurrentLayer::Segments& RecurrentLayer::begin_backward(Pass& pass, const Call& call,
                                                         CallGradient& gradient) const {
  return with_real(dtype(), [&](auto real) -> Segments& {
    return begin_run_back<decltype(real)>(pass, call, gradient);
  });
}

void RecurrentLayer::backward_steps(Pass& pass, Segments& segments, Range steps) const {
  with_real(dtype(), [&](auto real) { take_back(pass, typed<decltype(real)>(segments), steps); });
}

void RecurrentLayer::end_backward(const Call& call, CallGradient& gradient,
                                  Segments& segments) const {
  with_real(dtype(), [&](auto real) {
    const auto& run = typed<decltype(real)>(segments);
    for (std::size_t i = 1; i < call.inputs.size(); ++i) {
      if (!gradient.wanted[i]) continue;
      const auto cell = static_cast<std::int64_t>(i) - 2;
      gradient.inputs[i] =
          TensorView(i == 1 ? run.flow.hidden : run.flow.cell + cell * run.state_size(), dtype(),
                     {run.run.rows, run.run.units});
    }
  });
}

void RecurrentLayer::run_forward(Pass& pass, Call& call) const {
  Segments& segments = begin_forward(pass, call);
  if (segments.keeps_all) {
    forward_steps(pass, segments, {0, segments.steps});
  } else {
    with_real(dtype(), [&](auto real) { run_forgetting(pass, typed<decltype(real)>(segments)); });
  }
  end_forward(pass, call, segments);
}

void RecurrentLayer::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  Segments& segments = begin_backward(pass, call, gradient);
  if (segments.keeps_all) {
    backward_steps(pass, segments, {0, segments.steps});
  } else {
    with_real(dtype(),
              [&](auto real) { take_back_forgotten(pass, typed<decltype(real)>(segments)); });
  }
  end_backward(call, gradient, segments);
}

}  // namespace chronicler
