#include "training/part_length.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "model/step_axes.h"

namespace chronicler {
namespace {

// What a network computes of one step of one row.
std::int64_t numbers_of_step(const Network& network) {
  std::int64_t numbers = 0;
  for (int value = 0; value < network.value_count(); ++value) {
    std::int64_t own = 1;
    const Shape& shape = network.value_shape(value);
    for (int axis = 2; axis < shape.rank(); ++axis) own *= std::max<std::int64_t>(1, shape[axis]);
    numbers += own;
  }
  return numbers;
}

std::int64_t longest_input(const Batch& batch, const std::vector<bool>& axes) {
  std::int64_t steps = 0;
  for (std::size_t i = 0; i < batch.x.size(); ++i) {
    if (axes[i]) steps = std::max(steps, batch.x[i].shape()[1]);
  }
  return steps;
}

}  // namespace

void check_steps_at_a_time(std::int64_t steps) {
  if (steps >= 0) return;
  throw Error(fmt::format("steps_at_a_time must be at least 0, got {}", steps),
              "0 is whole sequences, or what a few MB hold of those that are mapped from a file");
}

std::int64_t part_length(Model& model, const Batch& batch, std::int64_t asked, bool writes_file) {
  const Network& network = ModelInternals::network(model);
  if (asked > 0) {
    const StepAxes axes = step_axes(network, "steps_at_a_time");
    return asked < longest_input(batch, axes.inputs) ? asked : 0;
  }
  const bool mapped =
      std::any_of(batch.x.begin(), batch.x.end(), [](const Tensor& x) { return is_mapped(x); });
  if (!(mapped || writes_file) || !runs_in_parts(network)) return 0;
  constexpr std::int64_t numbers = std::int64_t{1} << 20U;  // at a time
  constexpr std::int64_t fewest = 64;
  const std::int64_t steps = std::max(
      fewest, numbers / (numbers_of_step(network) * std::max<std::int64_t>(1, batch.size())));
  return steps < longest_input(batch, step_axes(network, "").inputs) ? steps : 0;
}

PartsRun::PartsRun(Model& model, std::int64_t batch, bool goes_on) : model_(model) {
  ModelInternals::execution(model).begin_parts(batch, goes_on);
}
PartsRun::~PartsRun() { ModelInternals::execution(model_).end_parts(); }

StatesAside::StatesAside(Model& model) : model_(model) {
  std::vector<State>& states = ModelInternals::execution(model).states();
  states_.resize(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!ModelInternals::network(model).nodes()[i].layer->stateful()) states_[i].swap(states[i]);
  }
}

StatesAside::~StatesAside() {
  std::vector<State>& states = ModelInternals::execution(model_).states();
  for (std::size_t i = 0; i < std::min(states.size(), states_.size()); ++i) {
    if (!ModelInternals::network(model_).nodes()[i].layer->stateful()) states_[i].swap(states[i]);
  }
}

}  // namespace chronicler
