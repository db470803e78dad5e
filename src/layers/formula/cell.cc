#include "chronicler/layers/cell.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/invoke.h"
#include "layers/core/layer_with.h"
#include "layers/formula/formula_layer.h"
#include "layers/formula/formula_run.h"
#include "layers/formula/widths.h"
#include "layers/recurrent/sequence_cell.h"

namespace chronicler {
namespace {

struct Record {
  Call call;
  Tape tape;
};

// (B, F) to (B, 1, F).
Shape one_step(const Shape& shape) {
  return shape.without_front().with_front(1).with_front(shape[0]);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

class FormulaCell final : public LayerWith<FormulaCell, layers::CellOptions>, public SequenceCell {
 public:
  using LayerWith::LayerWith;

  std::string_view class_name() const override { return "Cell"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void fields(FieldVisitor& visitor) override {
    LayerWith::fields(visitor);
    program_.reset();
  }
  void validate() const override {
    LayerWith::validate();
    if (options_.formula.empty()) {
      throw Error(fmt::format("{} needs a formula", described()),
                  "for instance h = tanh(W x + U h + b)");
    }
    own_initializers();
  }

  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return std::vector<Shape>(1 + state_size(), Shape{inputs[0][0], options_.units});
  }
  State initial_state(std::int64_t batch) const override {
    State state;
    for (std::size_t i = 0; i < state_size(); ++i)
      state.emplace_back(Shape{batch, options_.units}, dtype());
    return state;
  }
  std::size_t state_size() const override { return program()->formula.states.size(); }

  void check_inputs(std::span<const Value> inputs) const override {
    const std::size_t states = state_size();
    if (inputs.size() != 1 + states || inputs[0].data.shape().rank() != 2) {
      throw Error(fmt::format("{} takes one step (batch, features) and {} state{}, got {} inputs, "
                              "the first {}",
                              described(), states, states == 1 ? "" : "s", inputs.size(),
                              inputs.empty() ? "none" : inputs[0].data.shape().to_string()),
                  "put it into an RNN to run over sequences");
    }
    const Shape& x = inputs[0].data.shape();
    if (x[1] != build_shapes()[0][1]) {
      throw Error(fmt::format("{}: input has {} features, its weights were made for {}",
                              described(), x[1], build_shapes()[0][1]),
                  "check the order and number of the columns");
    }
    check_formula_states(described(), program()->formula, inputs.subspan(1), x[0], options_.units);
  }

  void forward(Pass& pass, Call& call) const override {
    Record& record = arena_objects<Record>(pass.arena, 1)[0];
    const std::span<Value> inputs = arena_objects<Value>(pass.arena, call.inputs.size());
    std::copy(call.inputs.begin(), call.inputs.end(), inputs.begin());
    inputs[0] = {inputs[0].data.reshaped(one_step(inputs[0].data.shape())), {}};
    record.call.inputs = inputs;
    record.call.outputs = call.outputs;
    record.call.tape = call.tape == nullptr ? nullptr : &record.tape;
    formula_forward(pass, how(), record.call);
    if (call.tape != nullptr) call.tape->record = &record;
  }
  void backward(Pass& pass, const Call& call, CallGradient& gradient) const override {
    const Record& record = *static_cast<const Record*>(call.tape->record);
    formula_backward(pass, how(), record.call, gradient);
    if (gradient.wanted[0])
      gradient.inputs[0] = gradient.inputs[0].reshaped(call.inputs[0].data.shape());
  }

  LayerPtr over_sequences(const Layer& loop, const LoopFlags& flags) const override {
    LayerPtr layer = std::make_shared<FormulaLayer>(program(), options_.units, flags, loop, *this);
    layer->build_around(parameters(), build_shapes());
    return layer;
  }
  std::int64_t steps_together(std::int64_t rows) const override {
    return formula::window_steps(rows, std::numeric_limits<std::int64_t>::max());
  }

 private:
  FormulaCall how() const {
    return {program().get(), &parameters_,           options_.units,
            dtype(),         {.return_state = true}, trainable()};
  }

  // Laid out when it is first asked for, which is when the options are checked.
  const std::shared_ptr<const formula::Program>& program() const {
    if (program_ == nullptr) {
      try {
        program_ = std::make_shared<const formula::Program>(
            formula::compile(formula::read_formula(options_.formula, options_.states)));
      } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", described(), error.message()), error.hint());
      }
    }
    return program_;
  }

  struct OwnInitializer {
    std::string_view weight;
    Initializer initializer;
  };
  std::vector<OwnInitializer> own_initializers() const {
    std::vector<std::string_view> names;
    for (const formula::Weight& weight : program()->formula.weights) names.push_back(weight.name);
    std::vector<OwnInitializer> own;
    for (const std::string& text : options_.initializers) {
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos) {
        throw Error(fmt::format("{}: the initializer \"{}\" is not of the form name: initializer",
                                described(), text),
                    "write for instance \"b_f: ones\"");
      }
      const std::string_view name = trimmed(std::string_view(text).substr(0, colon));
      if (std::find(names.begin(), names.end(), name) == names.end())
        unknown_name(fmt::format("weight of {}", described()), name, names);
      own.push_back({name, std::string(trimmed(std::string_view(text).substr(colon + 1)))});
    }
    return own;
  }

  void build_weights(std::span<const Shape> inputs) override {
    const Shape& x = inputs[0];
    if (x.rank() != 2) {
      throw Error(
          fmt::format("{} needs one step (batch, features), got {}", described(), x.to_string()),
          "put it into an RNN to run over sequences");
    }
    if (x[1] <= 0) {
      throw Error(
          fmt::format("{} needs a known number of features, got {}", described(), x.to_string()),
          "give the last axis of input_shape");
    }
    try {
      formula::check_widths(program()->formula, x[1], options_.units);
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", described(), error.message()), error.hint());
    }
    const std::vector<OwnInitializer> own = own_initializers();
    for (const formula::Weight& weight : program()->formula.weights) {
      const std::int64_t width = weight.width == formula::Width::features ? x[1] : options_.units;
      const Shape shape = weight.is_matrix ? Shape{width, options_.units} : Shape{width};
      WeightOptions options = options_of(weight);
      for (const OwnInitializer& each : own) {
        if (each.weight == weight.name) options.initializer = each.initializer;
      }
      add_weight(weight.name, shape, options);
    }
  }

  WeightOptions options_of(const formula::Weight& weight) const {
    if (!weight.is_matrix)
      return {options_.bias_initializer, options_.bias_regularizer, options_.bias_constraint};
    if (weight.meets_state) {
      return {options_.recurrent_initializer, options_.recurrent_regularizer,
              options_.recurrent_constraint};
    }
    return {options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint};
  }

  mutable std::shared_ptr<const formula::Program> program_;
};

}  // namespace

LayerPtr layers::Cell(const CellOptions& options) { return make_valid<FormulaCell>(options); }

}  // namespace chronicler
