#include "tasks/forecast/network.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/layers/layers.h"
#include "tasks/shared/joined_networks.h"
#include "tasks/shared/recurrent_cell.h"

namespace chronicler::tasks {
namespace {

struct Inputs {
  Symbol steps;
  Symbol lags;
};

Inputs make_inputs(const NetworkShape& shape) {
  return {Input({.shape = {None, shape.steps_width}, .name = "steps"}),
          Input({.shape = {None, shape.lags_width}, .name = "lags"})};
}

std::string head_name(const std::string& prefix, std::int64_t head) {
  return head == 0 ? prefix + "mean" : fmt::format("{}quantile_{}", prefix, head);
}

Symbol answers(const Inputs& inputs, const NetworkShape& shape, const std::string& prefix) {
  Symbol state = inputs.steps;
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    const std::string name = fmt::format("{}{}_{}", prefix, shape.cell, layer + 1);
    state = recurrent_cell(shape.cell, {.units = shape.units, .name = name})(state);
    if (shape.dropout > 0.0)
      state = layers::Dropout({.rate = shape.dropout, .name = name + "_dropout"})(state);
  }
  const Symbol linear = layers::Dense({.units = shape.horizon,
                                       .name = prefix + "linear",
                                       .trainable = shape.linear_learns})(inputs.lags);
  std::vector<Symbol> heads;
  for (std::int64_t head = 0; head <= shape.quantiles; ++head) {
    const std::string name = head_name(prefix, head);
    const Symbol change =
        layers::Dense({.units = shape.horizon, .kernel_initializer = "zeros", .name = name})(state);
    heads.push_back(layers::Add({.name = name + "_answer"})({linear, change}));
  }
  if (heads.size() == 1) return heads.front();
  return layers::Concatenate({.name = prefix + "answers"})(heads);
}

void copy_numbers(const std::vector<double>& from, TensorView to) {
  std::transform(from.begin(), from.end(), to.as<float>(),
                 [](double value) { return static_cast<float>(value); });
}

}  // namespace

Functional make_forecast_network(const NetworkShape& shape, const std::string& prefix) {
  const Inputs inputs = make_inputs(shape);
  return Functional({inputs.steps, inputs.lags}, {answers(inputs, shape, prefix)}, "forecaster");
}

void start_from(Functional& network, const std::string& prefix, const LinearMap& map,
                const std::vector<double>& offsets) {
  ParameterList& linear = network.get_layer(prefix + "linear")->parameters();
  const auto horizon = static_cast<std::int64_t>(map.intercept.size());
  linear[0].value.fill(0.0);
  for (std::size_t i = 0; i < map.chosen.size(); ++i) {
    const std::vector<double> row(
        map.weights.begin() + static_cast<std::ptrdiff_t>(i) * horizon,
        map.weights.begin() + static_cast<std::ptrdiff_t>(i + 1) * horizon);
    copy_numbers(row, linear[0].value.rows(map.chosen[i], map.chosen[i] + 1));
  }
  copy_numbers(map.intercept, linear[1].value);
  for (std::int64_t head = 1; head <= static_cast<std::int64_t>(offsets.size()) / horizon; ++head) {
    const std::vector<double> of_head(offsets.begin() + (head - 1) * horizon,
                                      offsets.begin() + head * horizon);
    copy_numbers(of_head, network.get_layer(head_name(prefix, head))->parameters()[1].value);
  }
}

Functional average_of(const std::vector<Functional*>& networks, const NetworkShape& shape) {
  const Inputs inputs = make_inputs(shape);
  const auto prefix = [&](std::size_t i) {
    return networks.size() == 1 ? std::string() : fmt::format("member_{}_", i + 1);
  };
  std::vector<Symbol> members;
  for (std::size_t i = 0; i < networks.size(); ++i)
    members.push_back(answers(inputs, shape, prefix(i)));
  const Symbol answer =
      members.size() == 1 ? members.front() : Symbol(layers::Average({.name = "average"})(members));
  Functional all({inputs.steps, inputs.lags}, {answer}, "forecaster");
  for (std::size_t i = 0; i < networks.size(); ++i)
    set_branch_weights(*networks[i], all, prefix(i));
  return all;
}

namespace {

void add_recurrent(const Symbol& symbol, std::vector<Symbol>& found) {
  for (const Symbol& input : symbol.call().inputs) add_recurrent(input, found);
  if (symbol.call().layer->state_size() == 0) return;
  if (std::find(found.begin(), found.end(), symbol) == found.end()) found.push_back(symbol);
}

}  // namespace

std::vector<Symbol> recurrent_outputs(const Functional& network) {
  std::vector<Symbol> found;
  for (const Symbol& output : network.outputs()) add_recurrent(output, found);
  return found;
}

}  // namespace chronicler::tasks
