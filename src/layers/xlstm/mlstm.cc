#include "chronicler/layers/mlstm.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "kernels/gemm.h"
#include "kernels/mlstm.h"
#include "layers/core/dispatch.h"
#include "layers/core/layer_with.h"
#include "layers/core/step.h"
#include "layers/scan/scan_sequence.h"

namespace chronicler {
namespace {

using kernels::Mlstm;
using kernels::MlstmGradient;
using kernels::Start;
using kernels::StepUse;

// Below this many multiplications a second thread costs more than it brings.
constexpr double inline_work = 200e3;
// Steps whose projections are one task's.
constexpr std::int64_t projected_steps = 64;
// Pairs of rows and steps whose projections are made at a time where nothing is kept of them.
constexpr std::int64_t pairs_at_a_time = 2048;

// The states of all rows, as the kernels want them, or their gradients.
template <class Real>
struct States {
  std::array<Real*, 4> data{};  // h, C, n, m
};

// What forward keeps for backward.
template <class Real>
struct Record {
  DroppedInput<Real> input;
  const StepUse* uses = nullptr;  // [B][T]
  Real* gates = nullptr;          // [B][T][W]
  Real* kept = nullptr;
  std::int64_t kept_size = 0;  // of a row
  std::int64_t chunk = 1;
  States<Real> states;  // after the last step
};

class MLSTMLayer final : public LayerWith<MLSTMLayer, layers::MLSTMOptions> {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "MLSTM"; }

  void validate() const override {
    LayerWith::validate();
    if (options_.units % options_.heads == 0) return;
    throw Error(fmt::format("{}: {} units do not fall into {} equal heads", described(),
                            options_.units, options_.heads),
                "give a number of units that heads divides");
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const std::int64_t rows = inputs[0][0];
    std::vector<Shape> shapes;
    shapes.push_back(options_.return_sequences ? Shape{rows, inputs[0][1], options_.units}
                                               : Shape{rows, options_.units});
    if (!options_.return_state) return shapes;
    for (const Shape& state : state_shapes(rows)) shapes.push_back(state);
    return shapes;
  }
  void check_inputs(std::span<const Value> inputs) const override {
    const auto states = state_shapes(inputs.empty() ? 0 : inputs[0].data.shape()[0]);
    check_scan_inputs([this] { return described(); }, *this, inputs, states);
  }
  State initial_state(std::int64_t batch) const override {
    State state;
    for (const Shape& shape : state_shapes(batch)) state.emplace_back(shape, dtype());
    return state;
  }
  std::size_t state_size() const override { return 4; }
  bool stateful() const override { return options_.stateful; }
  bool causal() const override { return !options_.go_backwards; }
  std::uint64_t* seed_place() override { return &drawn_seed_; }
  std::unique_ptr<LayerStep> make_step(State& state) const override;

  void forward(Pass& pass, Call& call) const override {
    with_real(dtype(), [&](auto real) { run_forward<decltype(real)>(pass, call); });
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    with_real(dtype(), [&](auto real) { run_backward<decltype(real)>(pass, call, gradient); });
  }

 private:
  class Step;

  void build_weights(std::span<const Shape> inputs) override {
    check_scan_shape([this] { return described(); }, inputs);
    add_weight(
        "kernel", {inputs[0][2], width()},
        {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint});
    if (!options_.use_bias) return;
    add_weight("bias", {width()},
               {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint});
    if (options_.unit_forget_bias)
      parameters_.back().value.part(width() - options_.heads, {options_.heads}).fill(1.0);
  }

  std::int64_t width() const { return kernels::mlstm_width(options_.units, options_.heads); }
  std::int64_t head_size() const { return options_.units / options_.heads; }
  ScanFlags flags() const { return scan_flags(options_, drawn_seed_); }
  std::array<Shape, 4> state_shapes(std::int64_t rows) const {
    return {Shape{rows, options_.units}, Shape{rows, options_.heads, head_size(), head_size()},
            Shape{rows, options_.units}, Shape{rows, options_.heads}};
  }
  template <class Real>
  const Real* bias() const {
    return options_.use_bias ? parameters_[1].value.as<Real>() : nullptr;
  }

  template <class Real>
  Mlstm<Real> describe_run(const States<Real>& states, std::int64_t row) const {
    Mlstm<Real> run;
    run.units = options_.units;
    run.heads = options_.heads;
    run.exponential_forget = options_.forget_activation == "exponential";
    run.hidden_state = states.data[0] + row * options_.units;
    run.memory = states.data[1] + row * options_.units * head_size();
    run.normalizer = states.data[2] + row * options_.units;
    run.stabilizer = states.data[3] + row * options_.heads;
    return run;
  }
  // The states that a call starts from, or the gradients of the last ones, in memory of their own.
  template <class Real, class Given>
  States<Real> copied_states(Arena& arena, std::int64_t rows, const Given& given) const {
    States<Real> states;
    const auto shapes = state_shapes(rows);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      states.data[i] = state_copy<Real>(arena, given(i), shapes[i].elements());
    return states;
  }

  // How the heads of all rows are shared between the threads: slices of them, each with memory of
  // its own.
  template <class Real>
  struct HeadSlices {
    std::int64_t count;
    std::int64_t scratch_size;
    Real* scratch;
  };
  template <class Real>
  HeadSlices<Real> slice_heads(Pass& pass, std::int64_t rows, std::int64_t steps,
                               std::int64_t chunk, bool backward) const {
    const double work =
        static_cast<double>(rows * steps * options_.units) * static_cast<double>(4 * head_size());
    const std::int64_t count =
        work < inline_work ? 1
                           : std::min<std::int64_t>(rows * options_.heads, pass.runtime.threads());
    constexpr std::int64_t line = 64 / sizeof(Real);
    const std::int64_t size =
        kernels::mlstm_scratch<Real>(options_.units, options_.heads, chunk, backward);
    const std::int64_t own = (size + line - 1) / line * line;
    return {count, own, pass.arena.array<Real>(count * own)};
  }
  // function(row, head, scratch) for all.
  template <class Real, class Function>
  void for_heads(Pass& pass, std::int64_t rows, const HeadSlices<Real>& slices,
                 const Function& function) const {
    const std::int64_t tasks = rows * options_.heads;
    pass.runtime.parallel(slices.count, [&](std::int64_t slice) {
      const std::int64_t end = tasks * (slice + 1) / slices.count;
      for (std::int64_t i = tasks * slice / slices.count; i < end; ++i)
        function(i / options_.heads, i % options_.heads,
                 slices.scratch + slice * slices.scratch_size);
    });
  }
  // function(row, begin, end) for stretches of steps of all rows, shared between the threads.
  template <class Function>
  static void for_stretches(Pass& pass, std::int64_t rows, std::int64_t steps,
                            const Function& function) {
    const std::int64_t pieces = (steps + projected_steps - 1) / projected_steps;
    pass.runtime.parallel(rows * pieces, [&](std::int64_t task) {
      const std::int64_t begin = task % pieces * projected_steps;
      function(task / pieces, begin, std::min(steps, begin + projected_steps));
    });
  }

  template <class Real>
  void run_forward(Pass& pass, Call& call) const;
  template <class Real>
  void run_steps(Pass& pass, const Record<Real>& record, std::int64_t begin, std::int64_t end,
                 std::int64_t gate_steps, const Real* packed, Real* hidden,
                 const HeadSlices<Real>& slices) const;
  template <class Real>
  void write_outputs(Pass& pass, Call& call, const Record<Real>& record,
                     const TensorView& hidden) const;
  template <class Real>
  void run_backward(Pass& pass, const Call& call, CallGradient& gradient) const;
  template <class Real>
  TensorView input_gradient(Pass& pass, const Record<Real>& record) const;
  template <class Real>
  Real* output_flow(Pass& pass, const Record<Real>& record, const TensorView& dy, std::int64_t rows,
                    std::int64_t steps, Real* flow_of_state) const;

  std::uint64_t drawn_seed_ = next_seed();  // for dropout, unless the options give a seed
};

// One step of a live stream. The state is worked on where it is.
class MLSTMLayer::Step final : public LayerStep {
 public:
  Step(const MLSTMLayer& layer, State& state) : layer_(layer), state_(state) {
    Step::take_weights();
    const layers::MLSTMOptions& options = layer.options_;
    gates_ = Tensor({weights_.columns()});
    scratch_ = Tensor({kernels::mlstm_scratch<float>(options.units, options.heads, 1, false)});
  }

  std::int64_t outputs() const override { return layer_.options_.units; }
  const float* step(const float* x) noexcept override {
    States<float> states;
    for (std::size_t i = 0; i < states.data.size(); ++i) states.data[i] = state_[i].as<float>();
    Mlstm<float> run = layer_.describe_run(states, 0);
    run.steps = 1;
    run.gates = gates_.as<float>();
    run.scratch = scratch_.as<float>();
    kernels::run_step_product(weights_.product(), x, nullptr, run.gates);
    for (std::int64_t head = 0; head < run.heads; ++head) kernels::mlstm_steps(run, head);
    return run.hidden_state;
  }
  void take_weights() override {
    const auto& weights = layer_.parameters_;
    weights_.take(weights[0].value, layer_.options_.use_bias ? &weights[1].value : nullptr);
  }
  void use_bfloat16() override {
    weights_.use_bfloat16();
    take_weights();
  }

 private:
  const MLSTMLayer& layer_;
  State& state_;
  StepWeights weights_;
  Tensor gates_, scratch_;
};

std::unique_ptr<LayerStep> MLSTMLayer::make_step(State& state) const {
  if (dtype() != DType::float32 || options_.return_state || options_.go_backwards) return nullptr;
  return std::make_unique<Step>(*this, state);
}

bool is_output(const StepUse* uses, std::int64_t step) {
  return uses == nullptr || uses[step] != StepUse::idle;
}

// Steps [begin, end) of all rows, `gate_steps` of which there is room for.
template <class Real>
void MLSTMLayer::run_steps(Pass& pass, const Record<Real>& record, std::int64_t begin,
                           std::int64_t end, std::int64_t gate_steps, const Real* packed,
                           Real* hidden, const HeadSlices<Real>& slices) const {
  const Shape& shape = record.input.x.shape();
  const auto [rows, steps, features] = std::array{shape[0], shape[1], shape[2]};
  const auto x = scan_input<const Real>(record.input.x, options_.go_backwards);
  const Real* start = bias<Real>();
  for_stretches(pass, rows, end - begin, [&](std::int64_t row, std::int64_t from, std::int64_t to) {
    kernels::gemm_packed(to - from, width(), features, x.at(begin + from, row), x.step_stride,
                         packed, record.gates + (row * gate_steps + from) * width(), width(),
                         start != nullptr ? Start::row : Start::zero, start);
  });
  const bool keeps = record.kept != nullptr;
  const bool in_chunks = keeps || record.chunk > 1;
  for_heads<Real>(pass, rows, slices, [&](std::int64_t row, std::int64_t head, Real* own) {
    Mlstm<Real> run = describe_run(record.states, row);
    run.steps = end - begin;
    run.chunk = record.chunk;
    run.gates = record.gates + row * gate_steps * width();
    if (record.uses != nullptr) run.uses = record.uses + row * steps + begin;
    if (hidden != nullptr) run.hidden = hidden + (row * steps + begin) * options_.units;
    if (keeps) run.kept = record.kept + row * record.kept_size;
    run.scratch = own;
    if (in_chunks) {
      kernels::mlstm_forward(run, head);
    } else {
      kernels::mlstm_steps(run, head);
    }
  });
}

template <class Real>
void MLSTMLayer::run_forward(Pass& pass, Call& call) const {
  Arena& arena = pass.arena;
  const bool training = call.tape != nullptr;
  const Shape shape = call.inputs[0].data.shape();
  const auto [rows, steps, features] = std::array{shape[0], shape[1], shape[2]};
  Record<Real> record;
  record.chunk = std::min(options_.chunk_size, steps);
  if (!training && steps < options_.chunk_size) record.chunk = 1;  // step by step
  if constexpr (std::is_same_v<Real, double>) record.chunk = 1;
  record.input = drop_input<Real>(pass, flags(), call.inputs[0].data);
  record.uses = step_uses(pass, flags(), call.inputs[0].mask);
  record.states =
      copied_states<Real>(arena, rows, [&](std::size_t i) { return given_state(call, i); });
  Real* packed = arena.array<Real>(kernels::packed_size<Real>(features, width()));
  kernels::pack(features, width(), parameters_[0].value.as<Real>(), width(), false, packed);
  if (training) {
    const std::int64_t chunks = (steps + record.chunk - 1) / record.chunk;
    record.kept_size = kernels::mlstm_kept(options_.units, options_.heads, chunks);
    record.kept = arena.array<Real>(rows * record.kept_size);
  }
  // Without a tape the projections of some chunks are enough at a time.
  const std::int64_t some =
      std::max(record.chunk, pairs_at_a_time / rows / record.chunk * record.chunk);
  const std::int64_t gate_steps = training ? steps : std::min(steps, some);
  record.gates = arena.array<Real>(rows * gate_steps * width());
  const TensorView hidden = options_.return_sequences
                                ? arena.tensor({rows, steps, options_.units}, dtype())
                                : TensorView();
  Real* outputs = options_.return_sequences ? hidden.template as<Real>() : nullptr;
  const HeadSlices<Real> slices = slice_heads<Real>(pass, rows, gate_steps, record.chunk, false);
  for (std::int64_t begin = 0; begin < steps; begin += gate_steps) {
    run_steps(pass, record, begin, std::min(steps, begin + gate_steps), gate_steps, packed, outputs,
              slices);
  }
  write_outputs(pass, call, record, hidden);
  if (training) call.tape->record = new (arena.allocate(sizeof(Record<Real>))) Record<Real>(record);
}

template <class Real>
void MLSTMLayer::write_outputs(Pass& pass, Call& call, const Record<Real>& record,
                               const TensorView& hidden) const {
  const Shape& shape = record.input.x.shape();
  const auto [rows, steps] = std::array{shape[0], shape[1]};
  const std::int64_t units = options_.units;
  if (options_.return_sequences) {
    call.outputs[0] = {hidden, call.inputs[0].mask};
    for (std::int64_t i = 0; record.uses != nullptr && i < rows * steps; ++i) {
      if (record.uses[i] == StepUse::idle)
        std::fill_n(hidden.template as<Real>() + i * units, units, Real{0});
    }
  } else {
    const TensorView y = pass.arena.tensor({rows, units}, dtype());
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* to = y.template as<Real>() + row * units;
      if (is_output(record.uses, (row + 1) * steps - 1)) {
        std::copy_n(record.states.data[0] + row * units, units, to);
      } else {
        std::fill_n(to, units, Real{0});
      }
    }
    call.outputs[0] = {y, {}};
  }
  const auto shapes = state_shapes(rows);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const TensorView last(record.states.data[i], dtype(), shapes[i]);
    if (options_.return_state) call.outputs[i + 1] = {last, {}};
    if (!call.state.empty()) copy(last, call.state[i]);
  }
}

// dLoss/dh of each step that counts, [B][T][U]: also what the steps that repeat it are given.
// flow_of_state [B][U]: of the last h; becomes that of the first.
template <class Real>
Real* MLSTMLayer::output_flow(Pass& pass, const Record<Real>& record, const TensorView& dy,
                              std::int64_t rows, std::int64_t steps, Real* flow_of_state) const {
  const std::int64_t units = options_.units;
  Real* all = pass.arena.array<Real>(rows * steps * units);
  pass.runtime.parallel(rows, [&](std::int64_t row) {
    Real* carry = flow_of_state + row * units;
    for (std::int64_t t = steps; t-- > 0;) {
      const std::int64_t i = row * steps + t;
      Real* to = all + i * units;
      if (dy && is_output(record.uses, i) && (options_.return_sequences || t == steps - 1)) {
        const Real* from = dy.as<Real>() + (options_.return_sequences ? i : row) * units;
        for (std::int64_t u = 0; u < units; ++u) carry[u] += from[u];
      }
      if (record.uses == nullptr || record.uses[i] == StepUse::counts) {
        std::copy_n(carry, units, to);
        std::fill_n(carry, units, Real{0});
      } else {
        std::fill_n(to, units, Real{0});
      }
    }
  });
  return all;
}

// dLoss/dx, from the gradients of the projections.
template <class Real>
TensorView MLSTMLayer::input_gradient(Pass& pass, const Record<Real>& record) const {
  const Shape shape = record.input.x.shape();
  const auto [rows, steps, features] = std::array{shape[0], shape[1], shape[2]};
  const TensorView result = pass.arena.tensor(shape, dtype());
  const auto dx = scan_input<Real>(result, options_.go_backwards);
  Real* packed = pass.arena.array<Real>(kernels::packed_size<Real>(width(), features));
  kernels::pack(width(), features, parameters_[0].value.as<Real>(), width(), true, packed);
  for_stretches(pass, rows, steps, [&](std::int64_t row, std::int64_t from, std::int64_t to) {
    kernels::gemm_packed(to - from, features, width(),
                         record.gates + (row * steps + from) * width(), width(), packed,
                         dx.at(from, row), dx.step_stride, Start::zero);
  });
  drop_gradient(pass, record.input.factors, result);
  return result;
}

template <class Real>
void MLSTMLayer::run_backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  Arena& arena = pass.arena;
  const auto& record = *static_cast<const Record<Real>*>(call.tape->record);
  const Shape shape = record.input.x.shape();
  const auto [rows, steps] = std::array{shape[0], shape[1]};
  const std::int64_t units = options_.units;
  const States<Real> flow = copied_states<Real>(arena, rows, [&](std::size_t i) {
    return options_.return_state ? gradient.outputs[i + 1] : TensorView();
  });
  const Real* d_hidden =
      output_flow<Real>(pass, record, gradient.outputs[0], rows, steps, flow.data[0]);
  if (pass.observe) {
    call.tape->observed = arena.tensor({steps, rows, units}, dtype());
    for (std::int64_t i = 0; i < rows * steps; ++i) {
      std::copy_n(d_hidden + i * units, units,
                  call.tape->observed.template as<Real>() + (i % steps * rows + i / steps) * units);
    }
  }
  const HeadSlices<Real> slices = slice_heads<Real>(pass, rows, steps, record.chunk, true);
  for_heads<Real>(pass, rows, slices, [&](std::int64_t row, std::int64_t head, Real* own) {
    Mlstm<Real> run = describe_run(record.states, row);
    run.steps = steps;
    run.chunk = record.chunk;
    run.gates = record.gates + row * steps * width();
    if (record.uses != nullptr) run.uses = record.uses + row * steps;
    run.kept = record.kept + row * record.kept_size;
    run.scratch = own;
    const Mlstm<Real> places = describe_run(flow, row);
    kernels::mlstm_backward<Real>(
        run, {d_hidden + row * steps * units, places.memory, places.normalizer, places.stabilizer},
        head);
  });
  if (gradient.wanted[0]) gradient.inputs[0] = input_gradient(pass, record);
  if (trainable()) {
    add_kernel_gradient<Real>(pass, scan_input<const Real>(record.input.x, options_.go_backwards),
                              rows, steps, width(), record.gates,
                              parameters_[0].gradient.as<Real>());
    if (options_.use_bias)
      add_row_sums(rows * steps, width(), record.gates, parameters_[1].gradient.as<Real>());
  }
  const auto shapes = state_shapes(rows);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    if (!gradient.wanted[i]) continue;
    gradient.inputs[i] = TensorView(flow.data[i - 1], dtype(), shapes[i - 1]);
  }
}

}  // namespace

LayerPtr layers::MLSTM(const MLSTMOptions& options) { return make_valid<MLSTMLayer>(options); }

}  // namespace chronicler
