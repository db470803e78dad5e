#include "layers/scan/gated_layer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chronicler/base/random.h"
#include "kernels/gemm.h"
#include "layers/core/dispatch.h"
#include "layers/core/step.h"

namespace chronicler {

using kernels::GatedGradient;
using kernels::GatedScan;
using kernels::Range;
using kernels::Start;
using kernels::StepUse;

namespace {

// The exponent of RGLRU's recurrence gate: c of De et al.
constexpr double gate_factor = 8.0;

// log(sigmoid(x)), and (1 - sigmoid(x)) / log(sigmoid(x)), without cancellation.
double log_sigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x))); }
double log_sigmoid_slope_ratio(double x) {
  constexpr double far = 30.0;  // there, both are e^-x
  if (x > far) return -1.0;
  return 1.0 / (1.0 + std::exp(x)) / log_sigmoid(x);
}

}  // namespace

// What forward keeps for backward.
template <class Real>
struct GatedLayer::Record {
  ScanPlan plan;
  DroppedInput<Real> input;
  const StepUse* uses = nullptr;  // [B][T]
  Real* gates = nullptr;          // [B][T][G*U]
  Real* hidden = nullptr;         // [B][T][U]
  const Real* first = nullptr;    // [B][U]
  const Real* decay = nullptr;    // [U]
};

std::vector<Shape> GatedLayer::output_shapes(std::span<const Shape> inputs) const {
  const ScanFlags options = flags();
  const Shape state{inputs[0][0], options.units};
  std::vector<Shape> shapes;
  shapes.push_back(options.return_sequences ? Shape{inputs[0][0], inputs[0][1], options.units}
                                            : state);
  if (options.return_state) shapes.push_back(state);
  return shapes;
}

void GatedLayer::check_inputs(std::span<const Value> inputs) const {
  const std::array states{Shape{inputs.empty() ? 0 : inputs[0].data.shape()[0], flags().units}};
  check_scan_inputs([this] { return described(); }, *this, inputs, states);
}

State GatedLayer::initial_state(std::int64_t batch) const {
  State state;
  state.emplace_back(Shape{batch, flags().units}, dtype());
  return state;
}

void GatedLayer::start_gate(std::int64_t gate, double sign, std::optional<std::int64_t> t_max,
                            std::uint64_t seed) {
  const std::int64_t units = flags().units;
  Tensor values = parameters_.back().value.part(gate * units, {units});
  const Random random(seed);
  with_real(dtype(), [&](auto real) {
    using Real = decltype(real);
    for (std::int64_t u = 0; u < units; ++u) {
      double value = 1.0;
      if (t_max) {
        const double draw = random.uniform(0, static_cast<std::uint64_t>(u));
        value = std::log(1.0 + draw * static_cast<double>(*t_max - 2));
      }
      values.as<Real>()[u] = static_cast<Real>(sign * value);
    }
  });
}

const Parameter* GatedLayer::decay() const {
  return has_decay(cell()) ? &parameters_[has_bias() ? 2 : 1] : nullptr;
}
template <class Real>
const Real* GatedLayer::bias() const {
  return has_bias() ? parameters_[1].value.as<Real>() : nullptr;
}

template <class Real>
void GatedLayer::decay_logs(Real* logs) const {
  const Real* decays = decay()->value.as<Real>();
  for (std::int64_t u = 0; u < flags().units; ++u)
    logs[u] = static_cast<Real>(gate_factor * log_sigmoid(static_cast<double>(decays[u])));
}

// One step of a live stream. The state is worked on where it is.
class GatedLayer::Step final : public LayerStep {
 public:
  Step(const GatedLayer& layer, State& state) : layer_(layer), state_(state) {
    run_.cell = layer.cell();
    run_.steps = 1;
    run_.units = layer.flags().units;
    Step::take_weights();
    sums_.resize(static_cast<std::size_t>(weights_.columns()));
  }

  std::int64_t outputs() const override { return run_.units; }
  const float* step(const float* x) noexcept override {
    kernels::run_step_product(weights_.product(), x, nullptr, sums_.data());
    run_.gates = sums_.data();
    run_.state = state_[0].as<float>();
    kernels::gated_forward(run_, {0, run_.units});
    return run_.state;
  }
  void take_weights() override {
    const auto& weights = layer_.parameters_;
    weights_.take(weights[0].value, layer_.has_bias() ? &weights[1].value : nullptr);
    if (layer_.decay() == nullptr) return;
    decay_.resize(static_cast<std::size_t>(run_.units));
    layer_.decay_logs(decay_.data());
    run_.decay = decay_.data();
  }
  void use_bfloat16() override {
    weights_.use_bfloat16();
    take_weights();
  }

 private:
  const GatedLayer& layer_;
  State& state_;
  GatedScan<float> run_;
  StepWeights weights_;
  std::vector<float> sums_;
  std::vector<float> decay_;
};

std::unique_ptr<LayerStep> GatedLayer::make_step(State& state) const {
  const ScanFlags options = flags();
  if (dtype() != DType::float32 || options.return_state || options.go_backwards) return nullptr;
  return std::make_unique<Step>(*this, state);
}

void GatedLayer::forward(Pass& pass, Call& call) const {
  with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
}
void GatedLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
}

namespace {

bool is_output(const StepUse* uses, std::int64_t step) {
  return uses == nullptr || uses[step] != StepUse::idle;
}

// The outputs as a tensor of their own where some of them are 0 and not the state.
template <class Real>
TensorView masked_sequence(Pass& pass, const ScanPlan& plan, const StepUse* uses,
                           const Real* hidden, const TensorView& y) {
  pass.runtime.parallel(plan.rows, [&](std::int64_t row) {
    for (std::int64_t i = row * plan.steps; i < (row + 1) * plan.steps; ++i) {
      Real* out = y.as<Real>() + i * plan.units;
      if (uses[i] == StepUse::idle) {
        std::fill_n(out, plan.units, Real{0});
      } else {
        std::copy_n(hidden + i * plan.units, plan.units, out);
      }
    }
  });
  return y;
}

template <class Real>
void write_last(const ScanPlan& plan, const StepUse* uses, const Real* state, Real* y) {
  for (std::int64_t row = 0; row < plan.rows; ++row) {
    if (is_output(uses, (row + 1) * plan.steps - 1)) {
      std::copy_n(state + row * plan.units, plan.units, y + row * plan.units);
    } else {
      std::fill_n(y + row * plan.units, plan.units, Real{0});
    }
  }
}

}  // namespace

template <class Real>
void GatedLayer::run_forward(Pass& pass, Call& call) const {
  const ScanFlags options = flags();
  const bool training = call.tape != nullptr;
  Arena& arena = pass.arena;
  const Shape shape = call.inputs[0].data.shape();
  const std::int64_t rows = shape[0];
  const std::int64_t steps = shape[1];
  const std::int64_t features = shape[2];
  const std::int64_t units = options.units;
  const std::int64_t width = columns();

  Record<Real> record;
  record.plan =
      plan_scan(pass, rows, steps, units, width,
                static_cast<double>(rows * steps) * static_cast<double>(features * width));
  const ScanPlan& plan = record.plan;
  record.input = drop_input<Real>(pass, options, call.inputs[0].data);
  record.uses = step_uses(pass, options, call.inputs[0].mask);
  if (decay() != nullptr) {
    Real* logs = arena.array<Real>(units);
    decay_logs(logs);
    record.decay = logs;
  }
  const TensorView first = given_state(call, 0);
  record.first = state_copy<Real>(arena, first, rows * units);
  Real* state = state_copy<Real>(arena, first, rows * units);
  // Without a tape the projections of a block are enough at a time.
  const std::int64_t kept = training ? steps : plan.block;
  record.gates = arena.array<Real>((training ? rows : plan.buffers()) * kept * width);
  const bool keeps_states = training || options.return_sequences;
  const TensorView hidden =
      keeps_states ? arena.tensor({rows, steps, units}, dtype()) : TensorView();
  record.hidden = keeps_states ? hidden.template as<Real>() : nullptr;

  Real* packed = arena.array<Real>(kernels::packed_size<Real>(features, width));
  kernels::pack(features, width, parameters_[0].value.as<Real>(), width, false, packed);
  const Real* biases = bias<Real>();
  const auto x = scan_input<const Real>(record.input.x, options.go_backwards);
  const auto gates_at = [&](const ScanPlace& place) {
    const std::int64_t at =
        training ? place.row * steps + place.steps.begin : place.buffer * kept + place.in_block();
    return record.gates + at * width;
  };
  const auto project = [&](const ScanPlace& place) {
    kernels::gemm_packed(place.steps.size(), width, features, x.at(place.steps.begin, place.row),
                         x.step_stride, packed, gates_at(place), width,
                         biases != nullptr ? Start::row : Start::zero, biases);
  };
  const auto scan = [&](const ScanPlace& place, Range some) {
    const std::int64_t at = place.row * steps + place.steps.begin;
    kernels::gated_forward<Real>(
        {cell(), place.steps.size(), units, gates_at(place), record.decay,
         record.uses == nullptr ? nullptr : record.uses + at, state + place.row * units,
         keeps_states ? record.hidden + at * units : nullptr},
        some);
  };
  run_scan(pass, plan, false, project, scan, NoProducts());

  if (options.return_sequences) {
    const TensorView y = record.uses == nullptr
                             ? hidden
                             : masked_sequence(pass, plan, record.uses, record.hidden,
                                               arena.tensor(hidden.shape(), dtype()));
    call.outputs[0] = {y, call.inputs[0].mask};
  } else {
    const TensorView y = arena.tensor({rows, units}, dtype());
    write_last(plan, record.uses, state, y.template as<Real>());
    call.outputs[0] = {y, {}};
  }
  const TensorView last(state, dtype(), {rows, units});
  if (options.return_state) call.outputs[1] = {last, {}};
  if (!call.state.empty()) copy(last, call.state[0]);
  if (training) call.tape->record = new (arena.allocate(sizeof(Record<Real>))) Record<Real>(record);
}

template <class Real>
void GatedLayer::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const ScanFlags options = flags();
  Arena& arena = pass.arena;
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const ScanPlan& plan = record.plan;
  const auto [rows, steps, units] = std::array{plan.rows, plan.steps, plan.units};
  const std::int64_t width = columns();
  const TensorView& dy = gradient.outputs[0];
  const Real* from = dy ? dy.as<Real>() : nullptr;

  Real* flow = state_copy<Real>(arena, options.return_state ? gradient.outputs[1] : TensorView(),
                                rows * units);
  for (std::int64_t row = 0; from != nullptr && !options.return_sequences && row < rows; ++row) {
    if (!is_output(record.uses, (row + 1) * steps - 1)) continue;
    for (std::int64_t u = row * units; u < (row + 1) * units; ++u) flow[u] += from[u];
  }
  const Real* output = options.return_sequences ? from : nullptr;
  Real* biases = state_copy<Real>(arena, {}, rows * width);
  Real* decays = record.decay == nullptr ? nullptr : state_copy<Real>(arena, {}, rows * units);
  Real* trace = nullptr;
  if (pass.observe) {
    call.tape->observed = arena.tensor({steps, rows, units}, dtype());
    trace = call.tape->observed.template as<Real>();
  }

  const auto scan = [&](const ScanPlace& place, Range some) {
    const std::int64_t at = place.row * steps + place.steps.begin;
    const GatedScan<Real> run{cell(),       place.steps.size(),
                              units,        record.gates + at * width,
                              record.decay, record.uses == nullptr ? nullptr : record.uses + at,
                              nullptr,      record.hidden + at * units};
    kernels::gated_backward<Real>(
        run,
        {place.steps.begin > 0 ? record.hidden + (at - 1) * units
                               : record.first + place.row * units,
         output == nullptr ? nullptr : output + at * units, flow + place.row * units,
         biases + place.row * width, decays == nullptr ? nullptr : decays + place.row * units,
         trace == nullptr ? nullptr : trace + (place.steps.begin * rows + place.row) * units,
         rows * units},
        some);
  };
  if (gradient.wanted[0]) {
    const TensorView& input = record.input.x;
    const std::int64_t features = input.shape()[2];
    gradient.inputs[0] = arena.tensor(input.shape(), dtype());
    const auto dx = scan_input<Real>(gradient.inputs[0], options.go_backwards);
    Real* packed = arena.array<Real>(kernels::packed_size<Real>(width, features));
    kernels::pack(width, features, parameters_[0].value.as<Real>(), width, true, packed);
    run_scan(pass, plan, true, NoProducts(), scan, [&](const ScanPlace& place) {
      kernels::gemm_packed(place.steps.size(), features, width,
                           record.gates + (place.row * steps + place.steps.begin) * width, width,
                           packed, dx.at(place.steps.begin, place.row), dx.step_stride,
                           Start::zero);
    });
    drop_gradient(pass, record.input.factors, gradient.inputs[0]);
  } else {
    run_scan(pass, plan, true, NoProducts(), scan, NoProducts());
  }
  if (trainable()) learn(pass, record, biases, decays);
  if (gradient.wanted.size() > 1 && gradient.wanted[1])
    gradient.inputs[1] = TensorView(flow, dtype(), {rows, units});
}

// Adds to the gradients of the weights.
template <class Real>
void GatedLayer::learn(Pass& pass, const Record<Real>& record, const Real* biases,
                       const Real* decays) const {
  const ScanPlan& plan = record.plan;
  const std::int64_t width = columns();
  add_kernel_gradient<Real>(pass, scan_input<const Real>(record.input.x, flags().go_backwards),
                            plan.rows, plan.steps, width, record.gates,
                            parameters_[0].gradient.as<Real>());
  if (has_bias()) add_row_sums(plan.rows, width, biases, parameters_[1].gradient.as<Real>());
  if (decays == nullptr) return;
  Real* sums = state_copy<Real>(pass.arena, {}, plan.units);
  add_row_sums(plan.rows, plan.units, decays, sums);
  const Real* values = decay()->value.as<Real>();
  Real* to = decay()->gradient.as<Real>();
  for (std::int64_t u = 0; u < plan.units; ++u) {
    const double ratio = log_sigmoid_slope_ratio(static_cast<double>(values[u]));
    to[u] += static_cast<Real>(ratio * static_cast<double>(sums[u]));
  }
}

}  // namespace chronicler
