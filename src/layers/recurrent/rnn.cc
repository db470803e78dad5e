#include "chronicler/layers/rnn.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/core/step.h"
#include "layers/recurrent/keep_plan.h"
#include "layers/recurrent/sequence_cell.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {
namespace {

class StackedCells final : public LayerWith<StackedCells, layers::StackedRNNCellsOptions> {
 public:
  explicit StackedCells(const layers::StackedRNNCellsOptions& options)
      : LayerWith(
            with_dtype_of(options, options.cells.empty() ? LayerPtr() : options.cells.front())) {
    take_cells(std::exchange(options_.cells, {}));
    if (!sublayers().empty()) set_dtype(dtype_from_name(options_.dtype));
    if (!options_.trainable) set_trainable(false);
  }

  std::string_view class_name() const override { return "StackedRNNCells"; }
  void fields(FieldVisitor& visitor) override {
    std::vector<LayerPtr> before;
    for (const Sublayer& held : sublayers()) before.push_back(held.layer);
    options_.cells = before;
    LayerWith::fields(visitor);
    const std::vector<LayerPtr> cells = std::exchange(options_.cells, {});
    if (cells != before) take_cells(cells);
  }
  void validate() const override {
    if (sublayers().empty()) throw Error(fmt::format("{} needs cells", described()));
    for (const Sublayer& held : sublayers()) held.layer->validate();
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    std::vector<Shape> all(1);
    Shape x = inputs[0];
    for (const Sublayer& held : sublayers()) {
      std::vector<Shape> outputs = held.layer->output_shapes(std::span(&x, 1));
      all.insert(all.end(), outputs.begin() + 1, outputs.end());
      x = outputs[0];
    }
    all[0] = x;
    return all;
  }
  State initial_state(std::int64_t batch) const override {
    State all;
    for (const Sublayer& held : sublayers()) {
      for (Tensor& tensor : held.layer->initial_state(batch)) all.push_back(std::move(tensor));
    }
    return all;
  }
  std::size_t state_size() const override {
    std::size_t size = 0;
    for (const Sublayer& held : sublayers()) size += held.layer->state_size();
    return size;
  }
  void check_inputs(std::span<const Value> inputs) const override {
    if (inputs.size() == 1 + state_size()) return;
    throw Error(fmt::format("{} takes one step and {} states, got {} inputs", described(),
                            state_size(), inputs.size()));
  }

  void forward(Pass& pass, Call& call) const override {
    const std::span<Call> calls = arena_objects<Call>(pass.arena, sublayers().size());
    const std::span<Tape> tapes = arena_objects<Tape>(pass.arena, sublayers().size());
    Value x = call.inputs[0];
    std::size_t state = 1;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const std::size_t states = sublayer(i).state_size();
      const std::span<Value> inputs = arena_objects<Value>(pass.arena, 1 + states);
      inputs[0] = x;
      std::copy_n(call.inputs.begin() + static_cast<std::ptrdiff_t>(state), states,
                  inputs.begin() + 1);
      calls[i].inputs = inputs;
      calls[i].outputs = arena_objects<Value>(pass.arena, 1 + states);
      calls[i].tape = call.tape == nullptr ? nullptr : &tapes[i];
      invoke(pass, sublayer(i), calls[i]);
      x = calls[i].outputs[0];
      std::copy_n(calls[i].outputs.begin() + 1, states,
                  call.outputs.begin() + static_cast<std::ptrdiff_t>(state));
      state += states;
    }
    call.outputs[0] = x;
    if (call.tape != nullptr) call.tape->record = calls.data();
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const std::span<Call> calls(static_cast<Call*>(call.tape->record), sublayers().size());
    TensorView dy = gradient.outputs[0];
    std::size_t state = gradient.outputs.size();
    for (std::size_t i = calls.size(); i-- > 0;) {
      const std::size_t count = calls[i].outputs.size();
      state -= count - 1;
      const std::span<TensorView> flowing = arena_objects<TensorView>(pass.arena, count);
      const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, count);
      const std::span<bool> wanted = arena_objects<bool>(pass.arena, count);
      flowing[0] = dy;
      wanted[0] = i > 0 || gradient.wanted[0];
      for (std::size_t s = 1; s < count; ++s) {
        flowing[s] = gradient.outputs[state + s - 1];
        wanted[s] = gradient.wanted[state + s - 1];
      }
      invoke_back(pass, sublayer(i), calls[i], flowing, results, wanted);
      dy = results[0];
      for (std::size_t s = 1; s < count; ++s) {
        if (wanted[s]) gradient.inputs[state + s - 1] = results[s];
      }
    }
    if (gradient.wanted[0]) gradient.inputs[0] = dy;
    fill_missing(pass, call, gradient);
  }

 private:
  void take_cells(const std::vector<LayerPtr>& cells) {
    forget_sublayers();
    std::map<std::string, int> counts;
    for (const LayerPtr& cell : cells) {
      const std::string kind = snake_case(cell->class_name());
      const int number = counts[kind]++;
      hold(number == 0 ? "cells/" + kind : fmt::format("cells/{}_{}", kind, number), cell);
    }
  }

  void build_weights(std::span<const Shape> inputs) override {
    Shape x = inputs[0];
    for (const Sublayer& held : sublayers()) {
      held.layer->build(std::span(&x, 1));
      x = held.layer->output_shapes(std::span(&x, 1))[0];
    }
  }
};

// One cell of an RNN over whole sequences: a fast layer around the cell's weights, or a loop.
struct Stage {
  LayerPtr cell;
  LayerPtr fused;  // null: a foreign cell
  LoopFlags flags;
  std::vector<Shape> state_shapes;  // for a batch of one
};

// (B, T) with its steps in the opposite order.
TensorView turned(Arena& arena, const TensorView& mask) {
  if (!mask) return mask;
  const TensorView result = arena.tensor(mask.shape(), mask.dtype());
  const std::int64_t steps = mask.shape()[1];
  for (std::int64_t row = 0; row < mask.shape()[0]; ++row) {
    const auto* from = mask.as<std::uint8_t>() + row * steps;
    std::reverse_copy(from, from + steps, result.as<std::uint8_t>() + row * steps);
  }
  return result;
}

void flatten(const LayerPtr& cell, std::vector<LayerPtr>& cells) {
  if (dynamic_cast<const StackedCells*>(cell.get()) == nullptr) {
    cells.push_back(cell);
    return;
  }
  for (const Layer::Sublayer& held : cell->sublayers()) flatten(held.layer, cells);
}

layers::RNNOptions with_one_cell(layers::RNNOptions options) {
  if (!options.cells.empty()) options.cell = layers::StackedRNNCells({.cells = options.cells});
  options.cells.clear();
  const LayerPtr cell = options.cell;
  return with_dtype_of(std::move(options), cell);
}

class RNNLayer final : public LayerWith<RNNLayer, layers::RNNOptions> {
 public:
  explicit RNNLayer(const layers::RNNOptions& options) : LayerWith(with_one_cell(options)) {
    take_cell(std::exchange(options_.cell, {}));
    if (sublayers().empty()) return;
    set_dtype(dtype_from_name(options_.dtype));
    if (!options_.trainable) set_trainable(false);
  }

  std::string_view class_name() const override { return "RNN"; }
  LayerPtr clone() const override {
    auto copy = std::make_shared<RNNLayer>(*this);
    copy->own_parameters();
    if (copy->built()) copy->make_stages();
    return LayerPtr(copy);
  }

  void fields(FieldVisitor& visitor) override {
    const LayerPtr before = sublayers().empty() ? LayerPtr() : sublayers()[0].layer;
    options_.cell = before;
    LayerWith::fields(visitor);
    const LayerPtr cell = std::exchange(options_.cell, {});
    if (cell != before) take_cell(cell);
  }

  void validate() const override {
    if (sublayers().empty())
      throw Error(fmt::format("{} needs a cell", described()), "for instance an LSTMCell");
    if (sublayer(0).state_size() == 0) {
      throw Error(
          fmt::format("{}: {} is no cell, it has no state", described(), sublayer(0).class_name()),
          "a cell's initial_state() gives its states");
    }
    sublayer(0).validate();
  }

  bool stateful() const override { return options_.stateful; }
  bool causal() const override { return !options_.go_backwards; }
  State initial_state(std::int64_t batch) const override {
    return sublayer(0).initial_state(batch);
  }
  std::size_t state_size() const override { return sublayer(0).state_size(); }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    const Shape step = step_of(inputs[0]);
    std::vector<Shape> shapes = sublayer(0).output_shapes(std::span(&step, 1));
    if (options_.return_sequences)
      shapes[0] = shapes[0].without_front().with_front(inputs[0][1]).with_front(inputs[0][0]);
    if (!options_.return_state) shapes.resize(1);
    return shapes;
  }

  void check_inputs(std::span<const Value> inputs) const override {
    const std::size_t states = state_size();
    if (inputs.size() != 1 && inputs.size() != 1 + states) {
      throw Error(
          fmt::format("{} takes a sequence, or a sequence and {} initial states, got {} inputs",
                      described(), states, inputs.size()));
    }
    check_sequence(inputs[0].data.shape());
    check_step_mask([this] { return described(); }, inputs[0]);
    if (inputs[0].data.shape()[1] > 0) return;
    throw Error(fmt::format("{} needs at least one step, got {}", described(),
                            inputs[0].data.shape().to_string()));
  }

  std::unique_ptr<LayerStep> make_step(State& state) const override {
    if (stages_.size() != 1 || !stages_[0].fused) return nullptr;
    return stages_[0].fused->make_step(state);
  }

  std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const override {
    KeptSteps all;
    for (const KeptSteps& stage : kept_by_stages(inputs[0])) all = sum_of(all, stage);
    if (all.step_bytes == 0) return std::nullopt;  // no stage could keep less
    return all;
  }

  void forward(Pass& pass, Call& call) const override {
    const std::vector<std::optional<std::int64_t>> bytes = bytes_of_stages(pass, call);
    const std::span<Call> calls = arena_objects<Call>(pass.arena, stages_.size());
    const std::span<Tape> tapes = arena_objects<Tape>(pass.arena, stages_.size());
    const TensorView mask = call.inputs[0].mask;
    Value x = call.inputs[0];
    std::size_t state = 0;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Stage& stage = stages_[i];
      const std::size_t states = stage.state_shapes.size();
      const std::span<Value> inputs = arena_objects<Value>(pass.arena, 1 + states);
      inputs[0] = x;
      find_start(pass, call, stage, state, inputs.subspan(1));
      Call& own = calls[i];
      own.inputs = inputs;
      own.outputs = arena_objects<Value>(pass.arena, options_.return_state ? 1 + states : 1);
      own.tape = call.tape == nullptr ? nullptr : &tapes[i];
      if (!call.state.empty()) own.state = call.state.subspan(state, states);
      Pass running = pass;
      running.keep_bytes = bytes.empty() ? pass.keep_bytes : bytes[i];
      run(running, stage, own);
      pass.activity_penalty = running.activity_penalty;
      if (options_.return_state)
        std::copy(own.outputs.begin() + 1, own.outputs.end(),
                  call.outputs.begin() + 1 + static_cast<std::ptrdiff_t>(state));
      state += states;
      x = own.outputs[0];
      // What the first stage turned round stays so.
      if (i == 0 && options_.go_backwards) x.mask = turned(pass.arena, mask);
    }
    call.outputs[0] = {x.data, options_.return_sequences ? mask : TensorView()};
    if (call.tape != nullptr) call.tape->record = calls.data();
  }

  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const std::span<Call> calls(static_cast<Call*>(call.tape->record), stages_.size());
    TensorView dy = gradient.outputs[0];
    std::size_t state = state_size();
    for (std::size_t i = stages_.size(); i-- > 0;) {
      const Call& own = calls[i];
      const std::size_t states = own.inputs.size() - 1;
      state -= states;
      const std::span<TensorView> flowing =
          arena_objects<TensorView>(pass.arena, own.outputs.size());
      const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, 1 + states);
      const std::span<bool> wanted = arena_objects<bool>(pass.arena, 1 + states);
      flowing[0] = dy;
      for (std::size_t s = 1; s < flowing.size(); ++s)
        flowing[s] = gradient.outputs[1 + state + s - 1];
      wanted[0] = i > 0 || gradient.wanted[0];
      const bool initial = call.inputs.size() > 1;
      for (std::size_t s = 0; s < states; ++s)
        wanted[1 + s] = initial && gradient.wanted[1 + state + s];
      CallGradient inner{flowing, results, wanted};
      run_back(pass, stages_[i], own, inner);
      dy = results[0];
      for (std::size_t s = 0; s < states; ++s) {
        if (wanted[1 + s]) gradient.inputs[1 + state + s] = results[1 + s];
      }
    }
    if (gradient.wanted[0]) gradient.inputs[0] = dy;
    fill_missing(pass, call, gradient);
  }

 private:
  void take_cell(const LayerPtr& cell) {
    forget_sublayers();
    if (cell) hold("cell", cell);
  }
  static Shape step_of(const Shape& sequence) {
    Shape step = sequence.without_front();
    step.set(0, sequence[0]);
    return step;
  }

  void check_sequence(const Shape& x) const {
    if (x.rank() >= 3) return;
    throw Error(
        fmt::format("{} needs input (batch, steps, features), got {}", described(), x.to_string()),
        "set return_sequences=true on the layer before it, or give the data a features axis");
  }

  void build_weights(std::span<const Shape> inputs) override {
    check_sequence(inputs[0]);
    const Shape step = step_of(inputs[0]);
    sublayers()[0].layer->build(std::span(&step, 1));
    make_stages();
  }

  void make_stages() {
    std::vector<LayerPtr> cells;
    flatten(sublayers()[0].layer, cells);
    stages_.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      Stage stage{.cell = cells[i]};
      const bool last = i + 1 == cells.size();
      stage.flags = {.return_sequences = !last || options_.return_sequences,
                     .return_state = options_.return_state,
                     .go_backwards = i == 0 && options_.go_backwards,
                     .zero_output_for_mask = last && options_.zero_output_for_mask};
      if (const auto* cell = dynamic_cast<const SequenceCell*>(cells[i].get()))
        stage.fused = cell->over_sequences(*this, stage.flags);
      for (const Tensor& state : cells[i]->initial_state(1))
        stage.state_shapes.push_back(state.shape());
      stages_.push_back(std::move(stage));
    }
  }

  // What the stages keep, each of the sequence that the one before it gives.
  std::vector<KeptSteps> kept_by_stages(Shape x) const {
    std::vector<KeptSteps> all;
    for (const Stage& stage : stages_) {
      if (stage.fused) {
        all.push_back(stage.fused->kept_steps(std::span(&x, 1)).value_or(KeptSteps{.steps = x[1]}));
      } else {
        std::vector<Shape> states = stage.state_shapes;
        for (Shape& state : states) state.set(0, x[0]);
        all.push_back(loop_kept_steps(*stage.cell, states, x, dtype()));
      }
      const Shape step = step_of(x);
      x = stage.cell->output_shapes(std::span(&step, 1))[0]
              .without_front()
              .with_front(x[1])
              .with_front(x[0]);
    }
    return all;
  }
  // What each stage may keep; empty: the only one, or any, may keep what the layer may.
  std::vector<std::optional<std::int64_t>> bytes_of_stages(const Pass& pass,
                                                           const Call& call) const {
    if (!pass.keep_bytes || call.tape == nullptr || stages_.size() == 1) return {};
    const std::vector<KeptSteps> stages = kept_by_stages(call.inputs[0].data.shape());
    KeptSteps all;
    for (const KeptSteps& stage : stages) all = sum_of(all, stage);
    std::vector<std::optional<std::int64_t>> bytes;
    for (const KeptSteps& stage : stages) bytes.push_back(share_of(pass.keep_bytes, stage, all));
    return bytes;
  }

  // Initial states: those given, or those carried, or zeros.
  static void find_start(Pass& pass, const Call& call, const Stage& stage, std::size_t state,
                         std::span<Value> start) {
    const Shape& x = call.inputs[0].data.shape();
    if (call.inputs.size() > 1) {
      std::copy_n(call.inputs.begin() + 1 + static_cast<std::ptrdiff_t>(state), start.size(),
                  start.begin());
      return;
    }
    // Where a cell of the program's own begins is its own affair; those here begin at zero.
    State first;
    if (!stage.fused && call.state.empty()) first = stage.cell->initial_state(x[0]);
    for (std::size_t s = 0; s < start.size(); ++s) {
      TensorView carried = call.state.empty() ? TensorView() : call.state[state + s].view();
      if (s < first.size()) carried = first[s];
      Shape shape = stage.state_shapes[s];
      shape.set(0, x[0]);
      start[s].data = pass.arena.zeros(shape, call.inputs[0].data.dtype());
      if (carried) copy(carried, start[s].data);
    }
  }

  static void run(Pass& pass, const Stage& stage, Call& call) {
    if (!stage.fused) {
      loop_forward(pass, *stage.cell, stage.flags, call);
      return;
    }
    stage.fused->check_inputs(call.inputs);
    stage.fused->forward(pass, call);
  }

  static void run_back(Pass& pass, const Stage& stage, const Call& call, CallGradient& gradient) {
    if (std::none_of(gradient.outputs.begin(), gradient.outputs.end(),
                     [](const TensorView& each) { return static_cast<bool>(each); })) {
      for (std::size_t i = 0; i < gradient.inputs.size(); ++i) {
        const TensorView& input = call.inputs[i].data;
        if (gradient.wanted[i]) gradient.inputs[i] = pass.arena.zeros(input.shape(), input.dtype());
      }
      return;
    }
    if (!stage.fused) {
      loop_backward(pass, *stage.cell, stage.flags, call, gradient);
      return;
    }
    stage.fused->backward(pass, call, gradient);
  }

  std::vector<Stage> stages_;
};

}  // namespace

LayerPtr layers::StackedRNNCells(const StackedRNNCellsOptions& options) {
  return make_valid<StackedCells>(options);
}
LayerPtr layers::RNN(const RNNOptions& options) { return make_valid<RNNLayer>(options); }

}  // namespace chronicler
