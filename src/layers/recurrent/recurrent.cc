#include "layers/recurrent/recurrent.h"

#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/convolution/sequence_checks.h"
#include "layers/core/kernel_activation.h"
#include "layers/recurrent/row_cell.h"
#include "layers/recurrent/step_loop.h"

namespace chronicler {

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
  run_forward(pass, call);
}

void RecurrentLayer::backward(Pass& pass, const Call& call, CallGradient& gradient) const {
  if (works_on_rows()) {
    const Common options = common();
    const RowCell cell(row_options(options, drawn_seed()), parameters_, dtype(), learns());
    sequence_backward(pass, cell, loop_flags(options), call, gradient);
    return;
  }
  run_backward(pass, call, gradient);
}

std::optional<Layer::KeptSteps> RecurrentLayer::kept_steps(std::span<const Shape> inputs) const {
  if (!works_on_rows()) return kept_of_kernels(inputs);
  const Common options = common();
  const RowCell cell(row_options(options, drawn_seed()), parameters_, dtype(), learns());
  const Shape state{inputs[0][0], options.units};
  return loop_kept_steps(cell, std::span(&state, 1), inputs[0], dtype());
}

}  // namespace chronicler
