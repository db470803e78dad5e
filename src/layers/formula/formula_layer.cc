#include "layers/formula/formula_layer.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/invoke.h"
#include "layers/core/step.h"
#include "layers/formula/formula_run.h"

namespace chronicler {

using formula::FormulaRun;

void formula_forward(Pass& pass, const FormulaCall& how, Call& call) {
  with_real(how.dtype, [&](auto real) {
    using Run = FormulaRun<decltype(real)>;
    Arena& arena = pass.arena;
    const TensorView& x = call.inputs[0].data;
    const Shape& shape = x.shape();
    formula::RunSizes sizes{shape[0], shape[1], shape[2], how.units};
    sizes.training = call.tape != nullptr;
    sizes.goes_backwards = how.flags.go_backwards;
    sizes.plan = keep_everything(shape[1]);
    if (sizes.training && pass.keep_bytes) {
      sizes.plan = keep_plan(formula::kept_steps(*how.program, sizes, sizeof(real)),
                             formula::window_steps(shape[0], shape[1]), *pass.keep_bytes);
    }
    Run& run = *new (arena.allocate(sizeof(Run)))
                   Run(*how.program, *how.weights, sizes, pass.runtime.threads(), arena);
    run.set_input(x, call.inputs[0].mask, arena);
    const std::size_t states = how.program->formula.states.size();
    for (std::size_t i = 0; i < states; ++i) {
      TensorView first;
      if (call.inputs.size() > 1) {
        first = call.inputs[1 + i].data;
      } else if (!call.state.empty()) {
        first = call.state[i];
      }
      run.set_state(i, first);
    }
    run.set_first_output(pass.continues);
    run.take_weights(pass.runtime, arena);
    Shape output{shape[0], how.units};
    if (how.flags.return_sequences) output = Shape{shape[0], shape[1], how.units};
    const TensorView y = arena.tensor(output, how.dtype);
    run.forward(pass.runtime, arena,
                {y, how.flags.return_sequences, how.flags.zero_output_for_mask});
    call.outputs[0] = {y, how.flags.return_sequences ? call.inputs[0].mask : TensorView()};
    for (std::size_t i = 0; i < states; ++i) {
      TensorView state = run.state(i);
      if (!call.state.empty()) copy(state, call.state[i]);
      if (!how.flags.return_state) continue;
      if (!sizes.plan.keeps_all()) {  // where segments are computed again it does not stay
        const TensorView own = arena.tensor(state.shape(), how.dtype);
        copy(state, own);
        state = own;
      }
      call.outputs[1 + i] = {state, {}};
    }
    if (call.tape != nullptr) call.tape->record = &run;
  });
}

void formula_backward(Pass& pass, const FormulaCall& how, const Call& call,
                      CallGradient& gradient) {
  with_real(how.dtype, [&](auto real) {
    using Run = FormulaRun<decltype(real)>;
    Arena& arena = pass.arena;
    Run& run = *static_cast<Run*>(call.tape->record);
    const Shape& shape = call.inputs[0].data.shape();
    const std::size_t states = how.program->formula.states.size();
    typename Run::Gradients flow;
    flow.output = gradient.outputs[0];
    flow.of_all_steps = how.flags.return_sequences;
    flow.zero_masked = how.flags.zero_output_for_mask;
    flow.learns = how.learns;
    if (how.flags.return_state) flow.states = gradient.outputs.subspan(1);
    if (gradient.wanted[0]) flow.input = gradient.inputs[0] = arena.tensor(shape, how.dtype);
    flow.first_states = arena_objects<TensorView>(arena, states);
    for (std::size_t i = 0; i < states && call.inputs.size() > 1; ++i) {
      if (!gradient.wanted[1 + i]) continue;
      flow.first_states[i] = gradient.inputs[1 + i] =
          arena.tensor({shape[0], how.units}, how.dtype);
    }
    if (pass.observe) {
      flow.observed = call.tape->observed =
          arena.tensor({shape[1], shape[0], how.units}, how.dtype);
    }
    run.backward(pass.runtime, arena, flow);
  });
}

namespace {

class FormulaStep final : public LayerStep {
 public:
  FormulaStep(const FormulaCall& how, std::int64_t features, State& state)
      : how_(how),
        features_(features),
        state_(state),
        run_(*how.program, *how.weights,
             {.rows = 1, .steps = 1, .features = features, .units = how.units, .repeats = true}, 1,
             arena_) {
    FormulaStep::take_weights();
    FormulaStep::take_state();
  }

  std::int64_t outputs() const override { return how_.units; }
  const float* step(const float* x) noexcept override {
    run_.set_input(TensorView(const_cast<float*>(x), DType::float32, {1, 1, features_}), {},
                   arena_);
    run_.forward(runtime_, arena_, {y_, false, false});
    for (std::size_t i = 0; i < state_.size(); ++i) run_.set_state(i, run_.state(i));
    return y_.as<float>();
  }
  void take_weights() override { run_.take_weights(runtime_, arena_); }
  void take_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i) run_.set_state(i, state_[i]);
  }
  void give_state() override {
    for (std::size_t i = 0; i < state_.size(); ++i) copy(run_.first_state(i), state_[i]);
  }

 private:
  FormulaCall how_;
  std::int64_t features_;
  State& state_;
  Tensor y_{Shape{1, how_.units}};
  Arena arena_;
  Runtime runtime_{1};
  FormulaRun<float> run_;
};

}  // namespace

std::unique_ptr<LayerStep> make_formula_step(const FormulaCall& how, std::int64_t features,
                                             State& state) {
  if (how.dtype != DType::float32 || how.flags.return_state || how.flags.go_backwards)
    return nullptr;
  return std::make_unique<FormulaStep>(how, features, state);
}

FormulaLayer::FormulaLayer(std::shared_ptr<const formula::Program> program, std::int64_t units,
                           const LoopFlags& flags, const Layer& loop, const Layer& cell)
    : program_(std::move(program)), units_(units), flags_(flags), loop_(&loop), cell_(&cell) {
  set_dtype(cell.dtype());
}

FormulaCall FormulaLayer::how() const {
  return {program_.get(), &parameters_, units_,
          dtype(),        flags_,       loop_->trainable() && cell_->trainable()};
}

std::vector<Shape> FormulaLayer::output_shapes(std::span<const Shape> inputs) const {
  const Shape state{inputs[0][0], units_};
  std::vector<Shape> shapes{flags_.return_sequences ? Shape{inputs[0][0], inputs[0][1], units_}
                                                    : state};
  if (flags_.return_state) shapes.insert(shapes.end(), state_size(), state);
  return shapes;
}

State FormulaLayer::initial_state(std::int64_t batch) const {
  State state;
  for (std::size_t i = 0; i < state_size(); ++i) state.emplace_back(Shape{batch, units_}, dtype());
  return state;
}

void FormulaLayer::check_inputs(std::span<const Value> inputs) const {
  const Shape& x = inputs[0].data.shape();
  const Shape& built = build_shapes()[0];
  if (x.rank() != 3 || x[2] != built[1]) {
    throw Error(fmt::format("{}: input is {}, its weights were made for {} features a step",
                            cell_->name(), x.to_string(), built[1]),
                "check the order and number of the columns");
  }
  check_formula_states(cell_->name(), program_->formula, inputs.subspan(1), x[0], units_);
}

std::optional<Layer::KeptSteps> FormulaLayer::kept_steps(std::span<const Shape> inputs) const {
  formula::RunSizes sizes;
  sizes.rows = inputs[0][0];
  sizes.steps = inputs[0][1];
  sizes.features = inputs[0][2];
  sizes.units = units_;
  return formula::kept_steps(*program_, sizes, dtype() == DType::float64 ? 8 : 4);
}

void FormulaLayer::forward(Pass& pass, Call& call) const { formula_forward(pass, how(), call); }
void FormulaLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  formula_backward(pass, how(), call, gradient);
}
std::unique_ptr<LayerStep> FormulaLayer::make_step(State& state) const {
  return make_formula_step(how(), build_shapes()[0][1], state);
}

void check_formula_states(const std::string& described, const formula::CellFormula& formula,
                          std::span<const Value> states, std::int64_t batch, std::int64_t units) {
  const Shape wanted{batch, units};
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].data.shape() == wanted) continue;
    throw Error(fmt::format("{}: the state {} must be {}, got {}", described,
                            formula.states[i].name, wanted.to_string(),
                            states[i].data.shape().to_string()));
  }
}

}  // namespace chronicler
