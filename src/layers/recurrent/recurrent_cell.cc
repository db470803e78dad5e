#include "layers/recurrent/recurrent_cell.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/rnn.h"
#include "layers/core/each_field.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/recurrent/recurrent.h"

namespace chronicler {
namespace {

// The options of the loop: all flags that an RNN has.
const std::vector<std::string_view>& loop_flags() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> flags;
    const layers::RNNOptions options;
    for_each_field(options, [&](const FieldInfo& field, const auto& value) {
      const bool is_flag = std::is_same_v<decltype(value), const bool&>;
      if (is_flag && !field.notes.is_shared) flags.push_back(field.name);
    });
    return flags;
  }();
  return names;
}

// Passes on what is the cell's, and leaves out what is the loop's.
class CellFields final : public EachField<CellFields> {
 public:
  explicit CellFields(FieldVisitor& visitor) : visitor_(visitor) {}
  template <class Value>
  void take(std::string_view name, Value& value) {
    const auto& of_loop = loop_flags();
    if (name == "activity_regularizer") return;
    if (std::find(of_loop.begin(), of_loop.end(), name) == of_loop.end())
      visitor_.field(name, value);
  }

 private:
  FieldVisitor& visitor_;
};

// (B, F) to (B, 1, F).
Shape one_step(const Shape& shape) {
  return shape.without_front().with_front(1).with_front(shape[0]);
}

struct Record {
  Call call;
  Tape tape;
};

// The core has no name of its own.
template <class Options>
LayerPtr named_cell(LayerPtr (*make)(const Options&), Options options) {
  const std::string name = options.name;
  options.name = "core";
  auto cell = std::make_shared<RecurrentCell>(make(options));
  cell->set_name(name);
  cell->set_trainable(options.trainable);
  complete(*cell);
  return LayerPtr(cell);
}

}  // namespace

RecurrentCell::RecurrentCell(const LayerPtr& core) {
  set_dtype(core->dtype());
  for (const std::string_view flag : loop_flags()) set_flag(*core, flag, flag == "return_state");
  hold("core", core);
}

std::string_view RecurrentCell::class_name() const {
  if (core().class_name() == "LSTM") return "LSTMCell";
  return core().class_name() == "GRU" ? "GRUCell" : "SimpleRNNCell";
}

void RecurrentCell::fields(FieldVisitor& visitor) {
  CellFields of_cell(visitor);
  sublayers()[0].layer->fields(of_cell);
}

void RecurrentCell::validate() const { core().validate(); }

std::vector<Shape> RecurrentCell::output_shapes(std::span<const Shape> inputs) const {
  const Shape x = one_step(inputs[0]);
  return core().output_shapes(std::span(&x, 1));
}

void RecurrentCell::check_inputs(std::span<const Value> inputs) const {
  const std::size_t states = state_size();
  if (inputs.size() == 1 + states && inputs[0].data.shape().rank() == 2) return;
  throw Error(
      fmt::format("{} takes one step (batch, features) and {} state{}, got {} inputs, the "
                  "first {}",
                  described(), states, states == 1 ? "" : "s", inputs.size(),
                  inputs.empty() ? "none" : inputs[0].data.shape().to_string()));
}

std::string RecurrentCell::weight_path(std::size_t index) const {
  return fmt::format("vars/{}", index);
}

void RecurrentCell::build_weights(std::span<const Shape> inputs) {
  if (inputs[0].rank() != 2) {
    throw Error(fmt::format("{} needs one step (batch, features), got {}", described(),
                            inputs[0].to_string()),
                "put it into an RNN to run over sequences");
  }
  const Shape x = one_step(inputs[0]);
  sublayers()[0].layer->build(std::span(&x, 1));
}

void RecurrentCell::forward(Pass& pass, Call& call) const {
  Record& record = arena_objects<Record>(pass.arena, 1)[0];
  const std::span<Value> inputs = arena_objects<Value>(pass.arena, call.inputs.size());
  std::copy(call.inputs.begin(), call.inputs.end(), inputs.begin());
  inputs[0] = {inputs[0].data.reshaped(one_step(inputs[0].data.shape())), {}};
  record.call.inputs = inputs;
  record.call.outputs = call.outputs;
  record.call.tape = call.tape == nullptr ? nullptr : &record.tape;
  core().check_inputs(inputs);
  core().forward(pass, record.call);
  if (call.tape != nullptr) call.tape->record = &record;
}

void RecurrentCell::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  const Record& record = *static_cast<const Record*>(call.tape->record);
  core().backward(pass, record.call, gradient);
  if (gradient.wanted[0])
    gradient.inputs[0] = gradient.inputs[0].reshaped(call.inputs[0].data.shape());
}

std::int64_t RecurrentCell::steps_together(std::int64_t rows) const {
  return dynamic_cast<const RecurrentLayer&>(core()).steps_summed(rows);
}

LayerPtr RecurrentCell::over_sequences(const Layer& loop, const LoopFlags& flags) const {
  LayerPtr layer = core().clone();
  set_flag(*layer, "return_sequences", flags.return_sequences);
  set_flag(*layer, "return_state", flags.return_state);
  set_flag(*layer, "go_backwards", flags.go_backwards);
  set_flag(*layer, "zero_output_for_mask", flags.zero_output_for_mask);
  layer->build_around(parameters(), core().build_shapes());
  dynamic_cast<RecurrentLayer&>(*layer).follow(loop, *this, *sublayers()[0].layer->seed_place());
  return layer;
}

LayerPtr layers::SimpleRNNCell(const SimpleRNNOptions& options) {
  return named_cell(layers::SimpleRNN, options);
}
LayerPtr layers::LSTMCell(const LSTMOptions& options) { return named_cell(layers::LSTM, options); }
LayerPtr layers::GRUCell(const GRUOptions& options) { return named_cell(layers::GRU, options); }

}  // namespace chronicler
