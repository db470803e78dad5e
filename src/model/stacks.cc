#include "model/stacks.h"

#include <algorithm>

#include "layers/core/invoke.h"
#include "layers/recurrent/stack.h"

namespace chronicler {
namespace {

const RecurrentLayer* recurrent(const Network::Node& node) {
  const auto* layer = dynamic_cast<const RecurrentLayer*>(node.layer.get());
  return layer == nullptr || layer->runs_by_steps() || layer->activity_regularizer() ? nullptr
                                                                                     : layer;
}

// Whether nobody else reads the value.
bool is_read_once(const Network& network, int value) {
  std::ptrdiff_t readers = std::ranges::count(network.outputs(), value);
  for (const Network::Node& node : network.nodes())
    readers += std::ranges::count(node.inputs, value) + std::ranges::count(node.masks, value);
  return readers == 1;
}

// Whether the upper layer takes the steps of the lower one's sequence as they come, and is all that
// there is above it.
bool is_above(const Network& network, const Network::Node& lower, const Network::Node& upper) {
  const RecurrentLayer* below = recurrent(lower);
  const RecurrentLayer* above = recurrent(upper);
  if (below == nullptr || above == nullptr || below == above) return false;
  return lower.output_count == 1 && lower.output_shapes[0].rank() == 3 &&
         upper.inputs.size() == 1 && upper.inputs[0] == lower.first_output && above->causal() &&
         below->dtype() == above->dtype() && is_read_once(network, lower.first_output);
}

std::int64_t weights_of(const Network& network, std::span<const std::size_t> nodes) {
  std::int64_t count = 0;
  for (const std::size_t node : nodes) count += network.nodes()[node].layer->count_params();
  return count;
}

bool gains(const Network& network, std::span<const std::size_t> nodes, const Pass& pass,
           const TensorView& x) {
  return x.shape().rank() == 3 &&
         gains_from_wavefront(pass, x.shape(), weights_of(network, nodes), nodes.size());
}

}  // namespace

std::size_t stack_size(const Network& network, std::size_t place) {
  const std::span<const std::size_t> order = network.run_order();
  std::size_t end = place + 1;
  while (end < order.size() &&
         is_above(network, network.nodes()[order[end - 1]], network.nodes()[order[end]])) {
    ++end;
  }
  return end - place;
}

bool run_stack(const Network& network, std::span<const std::size_t> nodes, const Frame& frame,
               Pass& pass, bool keep) {
  const auto input = static_cast<std::size_t>(network.nodes()[nodes.front()].inputs[0]);
  if (!gains(network, nodes, pass, frame.values[input].data)) return false;
  const std::span<StackedCall> stack = arena_objects<StackedCall>(pass.arena, nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    StackedCall& here = stack[i];
    here.layer = recurrent(network.nodes()[nodes[i]]);
    here.call = begin_call(network, nodes[i], frame, pass, keep);
    check_call(pass, *here.layer, here.call);
    here.segments = &here.layer->begin_forward(pass, here.call);
    end_call(network, nodes[i], frame, pass, here.call);
  }
  stack_forward(pass, stack);
  for (StackedCall& here : stack) here.layer->end_forward(pass, here.call, *here.segments);
  return true;
}

bool run_stack_back(const Network& network, std::span<const std::size_t> nodes, const Frame& frame,
                    Pass& pass) {
  const TensorView& x = frame.inputs[nodes.front()][0].data;
  if (!gains(network, nodes, pass, x)) return false;
  for (const std::size_t node : nodes) {
    const Network::Node& here = network.nodes()[node];
    if (!frame.wanted[static_cast<std::size_t>(here.first_output)]) return false;
  }
  const Network::Node& top = network.nodes()[nodes.back()];
  const auto flowing = frame.gradients.subspan(static_cast<std::size_t>(top.first_output),
                                               static_cast<std::size_t>(top.output_count));
  if (std::ranges::none_of(flowing, [](const TensorView& each) { return bool(each); }))
    return false;

  const std::span<StackedCall> stack = arena_objects<StackedCall>(pass.arena, nodes.size());
  const std::span<CallBack> backs = arena_objects<CallBack>(pass.arena, nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    StackedCall& here = stack[i];
    here.layer = recurrent(network.nodes()[nodes[i]]);
    backs[i] = begin_call_back(network, nodes[i], frame, pass);
    here.segments = &here.layer->begin_backward(pass, backs[i].call, backs[i].gradient);
    // The layer below reads it where it lies, as soon as it is written.
    if (i > 0) end_call_back(network, nodes[i], frame, pass, backs[i]);
  }
  stack_backward(pass, stack);
  for (std::size_t i = 0; i < nodes.size(); ++i)
    stack[i].layer->end_backward(backs[i].call, backs[i].gradient, *stack[i].segments);
  end_call_back(network, nodes.front(), frame, pass, backs.front());
  return true;
}

}  // namespace chronicler
