#include "layers/recurrent/recurrent.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/dropout.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/recurrent/row_cell.h"
#include "layers/recurrent/sequence_output.h"
#include "layers/recurrent/slices.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Recurrence;
using kernels::RecurrenceGradient;
using kernels::Share;

// What forward keeps for backward: the run as the kernels saw it, and its mask as the output rules
// need it.
template <class Real>
struct Record {
  Recurrence<Real> run;
  const kernels::CellKernels<Real>* cell;
};

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

// State i of a run after s steps: h is the first.
template <class Real>
Real* state_in(const Recurrence<Real>& run, const kernels::CellKernels<Real>& kernels,
               std::int64_t s, std::int64_t i) {
  const std::int64_t slot = s % run.state_slots;
  const std::int64_t size = run.rows * run.units;
  return i == 0 ? run.hidden + slot * size : run.cell + (slot * kernels.cells + i - 1) * size;
}

// The state that a call starts from: given as an input, or carried; empty for zeros.
TensorView given_state(const Call& call, std::size_t index) {
  if (call.inputs.size() > 1) return call.inputs[index + 1].data;
  return call.state.empty() ? TensorView() : call.state[index];
}

// Memory for the tape and for what the kernels need on their way.
template <class Real>
void make_room(Arena& arena, const kernels::CellKernels<Real>& kernels, bool training,
               Recurrence<Real>& run) {
  constexpr std::int64_t rows_in_flight = 128;  // of gates, when nothing has to be kept
  run.tape_slots = training
                       ? run.steps
                       : std::min(run.steps, std::max<std::int64_t>(1, rows_in_flight / run.rows));
  const std::int64_t tape_size = run.tape_slots * run.rows * kernels.tape_blocks * run.units;
  run.tape = arena.array<Real>(tape_size);
  const bool keep_input =
      kernels::needs_input(run.activation) || kernels::needs_input(run.recurrent_activation);
  if (training && keep_input) run.preactivations = arena.array<Real>(tape_size);
  run.packed = arena.array<Real>(kernels.packed_size(run, training));
  run.scratch = arena.array<Real>(run.rows * kernels.scratch_size(run, training));
}

template <class Real>
const Real* dropout_factors(Pass& pass, const Random& random, double rate, std::int64_t count,
                            std::uint64_t stream) {
  auto* factors = pass.arena.array<Real>(count);
  kernels::dropout_factors(random, stream, 0, rate,
                           std::span(factors, static_cast<std::size_t>(count)));
  return factors;
}

}  // namespace

std::vector<Shape> RecurrentLayer::output_shapes(std::span<const Shape> inputs) const {
  const Common options = common();
  const Shape state{inputs[0][0], options.units};
  std::vector<Shape> shapes;
  shapes.push_back(options.return_sequences ? Shape{inputs[0][0], inputs[0][1], options.units}
                                            : state);
  if (options.return_state)
    shapes.insert(shapes.end(), static_cast<std::size_t>(state_count()), state);
  return shapes;
}

std::string RecurrentLayer::weight_path(std::size_t index) const {
  return fmt::format("cell/vars/{}", index);
}

bool RecurrentLayer::works_on_rows() const {
  const Common options = common();
  for (const Activation* activation : {options.activation, options.recurrent_activation}) {
    if (activation != nullptr && kernels::is_rowwise(kernel_activation(*activation))) return true;
  }
  return false;
}

void RecurrentLayer::build_checks(std::span<const Shape> inputs) const {
  if (inputs.empty() || inputs[0].rank() != 3) {
    const std::string got = inputs.empty() ? "nothing" : inputs[0].to_string();
    throw Error(
        fmt::format("{} needs 3-D input (batch, steps, features), got {}", described(), got),
        "set return_sequences=true on the layer before it, or give the data a features axis");
  }
  if (inputs[0][2] <= 0) {
    throw Error(fmt::format("{} needs a known number of features, got {}", described(),
                            inputs[0].to_string()),
                "give the last axis of input_shape");
  }
}

void RecurrentLayer::check_inputs(std::span<const Value> inputs) const {
  const auto states = static_cast<std::size_t>(state_count());
  if (inputs.size() != 1 && inputs.size() != 1 + states) {
    throw Error(
        fmt::format("{} takes a sequence, or a sequence and {} initial state{}, got {} inputs",
                    described(), states, states == 1 ? "" : "s", inputs.size()));
  }
  const Shape& x = inputs[0].data.shape();
  build_checks(std::span(&x, 1));
  const std::int64_t features = parameters_[0].value.shape()[0];
  if (x[2] != features) {
    throw Error(fmt::format("{}: input has {} features per step, its kernel was built for {}",
                            described(), x[2], features),
                "check the order and number of the columns");
  }
  if (x[1] == 0)
    throw Error(fmt::format("{} needs at least one step, got {}", described(), x.to_string()));
  check_step_mask([this] { return described(); }, inputs[0]);
  const Shape state{x[0], common().units};
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!(inputs[i].data.shape() == state)) {
      throw Error(fmt::format("{}: initial state {} must be {}, got {}", described(), i - 1,
                              state.to_string(), inputs[i].data.shape().to_string()));
    }
  }
}

State RecurrentLayer::initial_state(std::int64_t batch) const {
  State state;
  for (int i = 0; i < state_count(); ++i) state.emplace_back(Shape{batch, common().units}, dtype());
  return state;
}

// A recurrent layer's step. Its states lie in whole vectors, so that what a step writes the next
// one can read at once.
class RecurrentLayer::Step final : public LayerStep {
 public:
  Step(const RecurrentLayer& layer, StepEquation equation, State& state)
      : layer_(layer), equation_(std::move(equation)), state_(state) {
    const Common options = layer.common();
    run_.units = options.units;
    run_.activation = kernel_activation(*options.activation);
    if (options.recurrent_activation != nullptr)
      run_.recurrent_activation = kernel_activation(*options.recurrent_activation);
    Step::take_weights();
    step_ = equation_.step(run_.product.lanes);
    sums_ = Tensor({weights_.columns()});
    run_.sums = sums_.as<float>();
    const auto sum_count = static_cast<std::int64_t>(equation_.sums.size());
    hidden_ = Tensor({weights_.columns() / sum_count});
    run_.hidden = hidden_.as<float>();
    if (state_.size() > 1) {
      cells_ = Tensor(hidden_.shape().with_front(static_cast<std::int64_t>(state_.size()) - 1));
      run_.cell = cells_.as<float>();
      run_.cell_stride = hidden_.size();
    }
    Step::take_state();
  }

  std::int64_t outputs() const override { return run_.units; }
  const float* step(const float* x) noexcept override {
    step_(run_, x);
    return run_.hidden;
  }
  void take_weights() override {
    const auto& weights = layer_.parameters_;
    weights_.take(weights[0].value, weights[1].value,
                  layer_.common().use_bias ? &weights[2].value : nullptr, equation_.gates,
                  equation_.sums);
    run_.product = weights_.product();
  }
  void use_bfloat16() override {
    weights_.use_bfloat16();
    take_weights();
  }
  void take_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i)
      std::copy_n(state_[i].as<float>(), run_.units, place_of(i));
  }
  void give_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i)
      std::copy_n(place_of(i), run_.units, state_[i].as<float>());
  }

 private:
  float* place_of(std::size_t state) {
    if (state == 0) return run_.hidden;
    return run_.cell + (static_cast<std::int64_t>(state) - 1) * run_.cell_stride;
  }

  const RecurrentLayer& layer_;
  StepEquation equation_;
  State& state_;
  kernels::StepCell run_;
  kernels::CellStep step_ = nullptr;
  StepWeights weights_;
  Tensor sums_, hidden_, cells_;
};

std::unique_ptr<LayerStep> RecurrentLayer::make_step(State& state) const {
  const Common options = common();
  std::optional<StepEquation> equation = step_equation();
  if (!equation || dtype() != DType::float32 || options.return_state || options.go_backwards ||
      works_on_rows())
    return nullptr;
  return std::make_unique<Step>(*this, *std::move(equation), state);
}

std::unique_ptr<LayerLearner> RecurrentLayer::make_learner(State& state) const {
  const Common options = common();
  const std::optional<SnapCell::Kind> kind = learned_cell();
  if (!kind || options.return_state || options.go_backwards || works_on_rows()) return nullptr;
  SnapCell cell{*kind, options.units, kernel_activation(*options.activation), {}, options.use_bias};
  if (options.recurrent_activation != nullptr)
    cell.recurrent_activation = kernel_activation(*options.recurrent_activation);
  return make_snap_learner(*this, cell, state);
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

namespace {

template <class Common>
RowCellOptions row_options(const Common& options, std::uint64_t drawn_seed) {
  RowCellOptions row{.units = options.units,
                     .activation = kernel_activation(*options.activation),
                     .recurrent_activation = {},
                     .use_bias = options.use_bias,
                     .reset_after = options.reset_after,
                     .dropout = options.dropout,
                     .recurrent_dropout = options.recurrent_dropout,
                     .seed = options.seed ? static_cast<std::uint64_t>(*options.seed) : drawn_seed};
  if (options.recurrent_activation != nullptr)
    row.recurrent_activation = kernel_activation(*options.recurrent_activation);
  return row;
}

template <class Common>
LoopFlags loop_flags(const Common& options) {
  return {options.return_sequences, options.return_state, options.go_backwards,
          options.zero_output_for_mask};
}

}  // namespace

void RecurrentLayer::forward(Pass& pass, Call& call) const {
  if (works_on_rows()) {
    const Common options = common();
    const RowCell cell(row_options(options, drawn_seed()), parameters_, dtype(), learns());
    const Shape state{call.inputs[0].data.shape()[0], options.units};
    sequence_forward(pass, cell, loop_flags(options), std::span(&state, 1), call);
    return;
  }
  with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
}

void RecurrentLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  if (works_on_rows()) {
    const Common options = common();
    const RowCell cell(row_options(options, drawn_seed()), parameters_, dtype(), learns());
    sequence_backward(pass, cell, loop_flags(options), call, gradient);
    return;
  }
  with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
}

template <class Real>
void RecurrentLayer::run_forward(Pass& pass, Call& call) const {
  const Common options = common();
  const bool training = call.tape != nullptr;
  Arena& arena = pass.arena;

  Recurrence<Real> run = describe_run<Real>(call.inputs[0].data);
  const kernels::CellKernels<Real>& kernels = cell(run);
  run.mask = step_major_mask(pass, call.inputs[0].mask, options.go_backwards);
  if (pass.training) draw_dropout(pass, run, kernels.gate_blocks);

  const std::int64_t state_size = run.rows * run.units;
  run.state_slots = training || options.return_sequences ? run.steps + 1 : 2;
  run.hidden = arena.array<Real>(run.state_slots * state_size);
  if (kernels.cells > 0) run.cell = arena.array<Real>(run.state_slots * kernels.cells * state_size);
  for (std::int64_t i = 0; i <= kernels.cells; ++i)
    start_state(given_state(call, static_cast<std::size_t>(i)), state_in(run, kernels, 0, i),
                state_size);
  make_room(arena, kernels, training, run);

  const std::int64_t shares = share_count(pass, run, kernels.gate_blocks);
  pass.runtime.parallel(shares, [&](std::int64_t i) { kernels.prepare(run, {i, shares}); });
  const std::int64_t slices =
      slice_count(pass, run.rows, multiplications(run, kernels.gate_blocks));
  const MaskedOutput masked{options.zero_output_for_mask, pass.continues};
  const std::int64_t output_steps = options.return_sequences ? run.steps : 1;
  const TensorView y = arena.tensor(
      options.return_sequences ? Shape{run.rows, run.steps, run.units} : Shape{run.rows, run.units},
      dtype());
  const auto write_output = [&](Range rows) {
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      Real* out = y.as<Real>() + n * output_steps * run.units;
      if (options.return_sequences) {
        write_sequence(run, masked, n, out);
      } else {
        write_last(run, masked, n, out);
      }
    }
  };
  run_in_cuts(
      pass, run, kernels, slices, false, [&](Range rows) { kernels.forward(run, rows); },
      [&](Share share, kernels::StepBarrier& barrier) {
        kernels.forward_units(run, share, barrier);
      },
      write_output);
  call.outputs[0] = {y, options.return_sequences ? call.inputs[0].mask : TensorView()};
  for (std::int64_t i = 0; i <= kernels.cells; ++i) {
    const TensorView state(state_in(run, kernels, run.steps, i), dtype(), {run.rows, run.units});
    if (options.return_state) call.outputs[static_cast<std::size_t>(i) + 1] = {state, {}};
    if (!call.state.empty()) copy(state, call.state[static_cast<std::size_t>(i)]);
  }
  if (training)
    call.tape->record = new (arena.allocate(sizeof(Record<Real>))) Record<Real>{run, &kernels};
}

// The gradients of the last states, where a call gives them on, and that of the input.
template <class Real>
RecurrenceGradient<Real> RecurrentLayer::start_flow(Arena& arena, CallGradient& gradient,
                                                    const kernels::CellKernels<Real>& kernels,
                                                    const Recurrence<Real>& run) const {
  const Common options = common();
  const std::int64_t state_size = run.rows * run.units;
  RecurrenceGradient<Real> flow;
  flow.hidden = arena.array<Real>(state_size);
  if (kernels.cells > 0) flow.cell = arena.array<Real>(kernels.cells * state_size);
  const auto state_gradient = [&](std::size_t i) {
    return options.return_state ? gradient.outputs[i + 1] : TensorView();
  };
  start_state(state_gradient(0), flow.hidden, state_size);
  for (std::int64_t i = 0; i < kernels.cells; ++i)
    start_state(state_gradient(static_cast<std::size_t>(i) + 1), flow.cell + i * state_size,
                state_size);
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.tensor({run.rows, run.steps, run.features}, dtype());
    flow.x.row_stride = run.x.row_stride;
    flow.x.step_stride = run.x.step_stride;
    flow.x.data = gradient.inputs[0].template as<Real>() +
                  (options.go_backwards ? (run.steps - 1) * run.features : 0);
  }
  return flow;
}

// Adds to the gradients of the weights, in so many shares.
template <class Real>
void RecurrentLayer::learn(Pass& pass, const kernels::CellKernels<Real>& kernels,
                           const Recurrence<Real>& run, std::int64_t shares,
                           RecurrenceGradient<Real>& flow) const {
  flow.kernel = parameters_[0].gradient.as<Real>();
  flow.recurrent_kernel = parameters_[1].gradient.as<Real>();
  if (common().use_bias) flow.bias = parameters_[2].gradient.as<Real>();
  const std::int64_t size = kernels.workspace_size(run);
  auto* workspace = pass.arena.array<Real>(shares * size);
  pass.runtime.parallel(shares, [&](std::int64_t i) {
    kernels.weight_gradient(run, flow, {i, shares}, workspace + i * size);
  });
}

template <class Real>
void RecurrentLayer::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const Common options = common();
  Arena& arena = pass.arena;
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const Recurrence<Real>& run = record.run;
  const kernels::CellKernels<Real>& kernels = *record.cell;
  const std::int64_t state_size = run.rows * run.units;
  const std::int64_t slices =
      slice_count(pass, run.rows, multiplications(run, kernels.gate_blocks));

  RecurrenceGradient<Real> flow = start_flow(arena, gradient, kernels, run);
  const TensorView& dy = gradient.outputs[0];
  const Real* from = dy ? dy.as<Real>() : nullptr;
  Real* states = nullptr;  // dLoss/d hidden of every step, by way of the outputs
  Real* carry = nullptr;
  if (dy && options.return_sequences) {
    states = arena.array<Real>(run.steps * state_size);
    carry = arena.array<Real>(state_size);
    flow.output = states;
  } else if (dy) {
    for (std::int64_t n = 0; n < run.rows; ++n) {
      if (!last_output_is_state(run, {options.zero_output_for_mask, pass.continues}, n)) continue;
      for (std::int64_t u = n * run.units; u < (n + 1) * run.units; ++u) flow.hidden[u] += from[u];
    }
  }
  if (pass.observe) {
    call.tape->observed = arena.tensor({run.steps, run.rows, run.units}, dtype());
    flow.trace = call.tape->observed.template as<Real>();
  }

  const std::int64_t shares = share_count(pass, run, kernels.gate_blocks);
  pass.runtime.parallel(shares, [&](std::int64_t i) {
    kernels.prepare_backward(run, flow, {i, shares});
  });
  if (states != nullptr) {
    for_slices(pass, slices, run.rows, [&](Range rows) {
      for (std::int64_t n = rows.begin; n < rows.end; ++n) {
        gather_sequence_gradient(run, options.zero_output_for_mask, n,
                                 from + n * run.steps * run.units, carry + n * run.units, states);
      }
    });
  }
  run_in_cuts(
      pass, run, kernels, slices, true, [&](Range rows) { kernels.backward(run, flow, rows); },
      [&](Share share, kernels::StepBarrier& barrier) {
        kernels.backward_units(run, flow, share, barrier);
      },
      [&](Range rows) {
        if (gradient.wanted[0]) kernels.input_gradient(run, flow, rows);
      });
  if (learns()) learn(pass, kernels, run, slices == 1 ? 1 : pass.runtime.threads(), flow);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    if (!gradient.wanted[i]) continue;
    Real* state =
        i == 1 ? flow.hidden : flow.cell + (static_cast<std::int64_t>(i) - 2) * state_size;
    gradient.inputs[i] = TensorView(state, dtype(), {run.rows, run.units});
  }
}

}  // namespace chronicler
