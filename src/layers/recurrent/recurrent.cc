#include "layers/recurrent/recurrent.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/dropout.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/dispatch.h"
#include "layers/core/kernel_activation.h"
#include "layers/recurrent/cut_choice.h"
#include "layers/recurrent/row_cell.h"
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

// Below this many multiplications a second thread costs more than it brings.
constexpr double inline_work = 200e3;

// Rows are independent of one another, so the number of slices changes no bit.
std::int64_t slice_count(const Pass& pass, std::int64_t rows, double multiplications) {
  if (multiplications < inline_work) return 1;
  return std::min<std::int64_t>(pass.runtime.threads(), rows);
}

Range slice(std::int64_t index, std::int64_t count, std::int64_t size) {
  return {size * index / count, size * (index + 1) / count};
}

template <class Function>
void for_slices(Pass& pass, std::int64_t count, std::int64_t size, const Function& function) {
  pass.runtime.parallel(count, [&](std::int64_t i) { function(slice(i, count, size)); });
}

template <class Real>
double multiplications(const Recurrence<Real>& run, std::int64_t gates) {
  return static_cast<double>(run.steps) * static_cast<double>(run.rows) *
         static_cast<double>(gates * run.units) * static_cast<double>(run.features + run.units);
}

// Weights of fewer bytes stay in a core's second-level cache, and rows are the better cut.
constexpr double small_weights = 256e3;

// Runs rows(range) for slices of the batch, or units(share, barrier) for shares of the units of all
// rows, whichever is quicker here; what comes after the latter is rows_after(range).
template <class Real, class Rows, class Units, class After>
void run_in_cuts(Pass& pass, const Recurrence<Real>& run, const kernels::CellKernels<Real>& kernels,
                 std::int64_t slices, bool backward, const Rows& rows, const Units& units,
                 const After& rows_after) {
  const int threads = pass.runtime.threads();
  const double weights = static_cast<double>(kernels.gate_blocks * run.units * run.units) *
                         static_cast<double>(sizeof(Real));
  const auto slice_rows = [&] {
    for_slices(pass, slices, run.rows, [&](Range some) {
      rows(some);
      rows_after(some);
    });
  };
  if (threads == 1 || weights < small_weights || kernels.shares_units == nullptr ||
      !kernels.shares_units(run) || multiplications(run, kernels.gate_blocks) < inline_work) {
    return slice_rows();
  }
  const RunShape shape{&kernels, run.rows, run.features, run.units, threads, backward};
  const auto start = std::chrono::steady_clock::now();
  Cut cut = cut_to_take(shape);
  if (cut == Cut::units) {
    kernels::StepBarrier barrier(threads);
    if (pass.runtime.together(threads, [&](std::int64_t i) { units({i, threads}, barrier); })) {
      for_slices(pass, slices, run.rows, rows_after);
    } else {
      cut = Cut::rows;
      slice_rows();
    }
  } else {
    slice_rows();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  cut_took(shape, cut, took.count() / static_cast<double>(run.steps));
}

// Shares of the work of laying out the weights: numbers to copy, which are quick.
template <class Real>
std::int64_t share_count(const Pass& pass, const Recurrence<Real>& run, std::int64_t gates) {
  const std::int64_t numbers = gates * run.units * (run.features + run.units);
  return numbers < 100'000 ? 1 : pass.runtime.threads();
}

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

// What a masked step puts out.
struct MaskedOutput {
  bool zero;  // always 0 (zero_output_for_mask)
  bool seen;  // there was an output before the first step of this call, the state it starts from
};

// The outputs of all steps of one row. As in Keras a masked step repeats the output before it;
// before the first step that counts there is none, and the output is 0, whatever the state.
template <class Real>
void write_sequence(const Recurrence<Real>& run, MaskedOutput masked, std::int64_t n, Real* y) {
  bool seen = masked.seen;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    const bool counts = run.mask == nullptr || run.mask[t * run.rows + n] != 0;
    seen = seen || counts;
    Real* out = y + t * run.units;
    if (counts || (seen && !masked.zero)) {
      const Real* state = run.hidden + ((t + 1) % run.state_slots * run.rows + n) * run.units;
      std::copy_n(state, run.units, out);
    } else {
      std::fill_n(out, run.units, Real{0});
    }
  }
}

// Whether the last output of row n is its last state (else it is 0).
template <class Real>
bool last_output_is_state(const Recurrence<Real>& run, MaskedOutput masked, std::int64_t n) {
  if (run.mask == nullptr) return true;
  if (run.mask[(run.steps - 1) * run.rows + n] != 0) return true;
  if (masked.zero) return false;
  if (masked.seen) return true;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    if (run.mask[t * run.rows + n] != 0) return true;
  }
  return false;
}

// Where the gradient of a step's output flows: to the state of the last step that counted.
template <class Real>
void gather_sequence_gradient(const Recurrence<Real>& run, bool zero_masked, std::int64_t n,
                              const Real* dy, Real* carry, Real* states) {
  const std::int64_t units = run.units;
  std::fill_n(carry, units, Real{0});
  for (std::int64_t t = run.steps; t-- > 0;) {
    const bool counts = run.mask == nullptr || run.mask[t * run.rows + n] != 0;
    Real* state = states + (t * run.rows + n) * units;
    const Real* from = dy + t * units;
    if (counts) {
      for (std::int64_t u = 0; u < units; ++u) state[u] = from[u] + carry[u];
      std::fill_n(carry, units, Real{0});
    } else {
      std::fill_n(state, units, Real{0});
      if (zero_masked) continue;
      for (std::int64_t u = 0; u < units; ++u) carry[u] += from[u];
    }
  }
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
      cell_ = Tensor(hidden_.shape());
      run_.cell = cell_.as<float>();
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
    std::copy_n(state_[0].as<float>(), run_.units, run_.hidden);
    if (run_.cell != nullptr) std::copy_n(state_[1].as<float>(), run_.units, run_.cell);
  }
  void give_state() override {
    std::copy_n(run_.hidden, run_.units, state_[0].as<float>());
    if (run_.cell != nullptr) std::copy_n(run_.cell, run_.units, state_[1].as<float>());
  }

 private:
  const RecurrentLayer& layer_;
  StepEquation equation_;
  State& state_;
  kernels::StepCell run_;
  kernels::CellStep step_ = nullptr;
  StepWeights weights_;
  Tensor sums_, hidden_, cell_;
};

std::unique_ptr<LayerStep> RecurrentLayer::make_step(State& state) const {
  const Common options = common();
  std::optional<StepEquation> equation = step_equation();
  if (!equation || dtype() != DType::float32 || options.return_state || options.go_backwards ||
      works_on_rows())
    return nullptr;
  return std::make_unique<Step>(*this, *std::move(equation), state);
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
  if (kernels.has_cell_state) run.cell = arena.array<Real>(run.state_slots * state_size);
  for (int i = 0; i < state_count(); ++i) {
    TensorView start;
    if (call.inputs.size() > 1) {
      start = call.inputs[static_cast<std::size_t>(i) + 1].data;
    } else if (!call.state.empty()) {
      start = call.state[static_cast<std::size_t>(i)];
    }
    start_state(start, i == 0 ? run.hidden : run.cell, state_size);
  }

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

  const std::int64_t shares = share_count(pass, run, kernels.gate_blocks);
  pass.runtime.parallel(shares, [&](std::int64_t i) { kernels.prepare(run, {i, shares}); });
  const std::int64_t slices =
      slice_count(pass, run.rows, multiplications(run, kernels.gate_blocks));
  const MaskedOutput masked{options.zero_output_for_mask, pass.continues};
  const std::int64_t last = run.steps % run.state_slots * state_size;
  const std::int64_t output_steps = options.return_sequences ? run.steps : 1;
  const TensorView y = arena.tensor(
      options.return_sequences ? Shape{run.rows, run.steps, run.units} : Shape{run.rows, run.units},
      dtype());
  const auto write_output = [&](Range rows) {
    for (std::int64_t n = rows.begin; n < rows.end; ++n) {
      Real* out = y.as<Real>() + n * output_steps * run.units;
      if (options.return_sequences) {
        write_sequence(run, masked, n, out);
      } else if (last_output_is_state(run, masked, n)) {
        std::copy_n(run.hidden + last + n * run.units, run.units, out);
      } else {
        std::fill_n(out, run.units, Real{0});
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
  for (int i = 0; i < state_count(); ++i) {
    const TensorView state((i == 0 ? run.hidden : run.cell) + last, dtype(), {run.rows, run.units});
    if (options.return_state) call.outputs[static_cast<std::size_t>(i) + 1] = {state, {}};
    if (!call.state.empty()) copy(state, call.state[static_cast<std::size_t>(i)]);
  }
  if (training)
    call.tape->record = new (arena.allocate(sizeof(Record<Real>))) Record<Real>{run, &kernels};
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

  RecurrenceGradient<Real> flow;
  flow.hidden = arena.array<Real>(state_size);
  if (kernels.has_cell_state) flow.cell = arena.array<Real>(state_size);
  const auto state_gradient = [&](std::size_t i) {
    return options.return_state ? gradient.outputs[i + 1] : TensorView();
  };
  start_state(state_gradient(0), flow.hidden, state_size);
  if (kernels.has_cell_state) start_state(state_gradient(1), flow.cell, state_size);

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
  if (gradient.wanted[0]) {
    gradient.inputs[0] = arena.tensor({run.rows, run.steps, run.features}, dtype());
    flow.x.row_stride = run.x.row_stride;
    flow.x.step_stride = run.x.step_stride;
    flow.x.data = gradient.inputs[0].template as<Real>() +
                  (options.go_backwards ? (run.steps - 1) * run.features : 0);
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
  if (learns()) {
    flow.kernel = parameters_[0].gradient.as<Real>();
    flow.recurrent_kernel = parameters_[1].gradient.as<Real>();
    if (options.use_bias) flow.bias = parameters_[2].gradient.as<Real>();
    const std::int64_t weight_shares = slices == 1 ? 1 : pass.runtime.threads();
    const std::int64_t size = kernels.workspace_size(run);
    auto* workspace = arena.array<Real>(weight_shares * size);
    pass.runtime.parallel(weight_shares, [&](std::int64_t i) {
      kernels.weight_gradient(run, flow, {i, weight_shares}, workspace + i * size);
    });
  }
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    if (!gradient.wanted[i]) continue;
    gradient.inputs[i] =
        TensorView(i == 1 ? flow.hidden : flow.cell, dtype(), {run.rows, run.units});
  }
}

}  // namespace chronicler
