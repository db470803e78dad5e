#include "model/frame.h"

#include <algorithm>

#include "model/mask_flow.h"
#include "model/stacks.h"

namespace chronicler {
namespace {

std::size_t place(int value) { return static_cast<std::size_t>(value); }

template <class Item>
std::span<Item> outputs_of(std::span<Item> values, const Network::Node& node) {
  return values.subspan(place(node.first_output), place(node.output_count));
}

Call call_of(const Network::Node& node, std::span<const Value> inputs, std::span<Value> outputs) {
  Call call;
  call.inputs = inputs;
  call.outputs = outputs;
  call.flags = node.flags;
  return call;
}

// The node's outputs as its layer left them.
std::span<Value> made_outputs(Arena& arena, const Network& network, const Network::Node& node,
                              const Frame& frame) {
  const std::span<Value> now = outputs_of(frame.values, node);
  if (!network.changes_masks()) return now;
  const std::span<Value> made = arena_objects<Value>(arena, now.size());
  for (std::size_t i = 0; i < now.size(); ++i)
    made[i] = {now[i].data, outputs_of(frame.made_masks, node)[i]};
  return made;
}

// A value's gradient is wanted if a weight, or a wanted input, lies before it.
void find_wanted(const Network& network, const Frame& frame) {
  for (const Network::Node& node : network.nodes()) {
    const Layer& layer = *node.layer;
    bool wanted = static_cast<bool>(layer.activity_regularizer());
    for (std::size_t i = 0; !wanted && i < layer.parameters().size(); ++i) wanted = layer.trains(i);
    for (const int value : node.inputs) wanted = wanted || frame.wanted[place(value)];
    std::ranges::fill(outputs_of(frame.wanted, node), wanted);
  }
}

void run_back(const Network& network, std::size_t index, const Frame& frame, Pass& pass) {
  const Network::Node& node = network.nodes()[index];
  if (!frame.wanted[place(node.first_output)]) return;
  CallBack back = begin_call_back(network, index, frame, pass);
  if (invoke_back(pass, *node.layer, back.call, outputs_of(frame.gradients, node),
                  back.gradient.inputs, back.gradient.wanted, back.gradient.logits)) {
    end_call_back(network, index, frame, pass, back);
  }
}

}  // namespace

Frame Frame::in(Arena& arena, const Network& network) {
  const std::size_t values = place(network.value_count());
  const std::size_t nodes = network.nodes().size();
  return {arena_objects<Value>(arena, values),
          arena_objects<TensorView>(arena, values),
          arena_objects<bool>(arena, values),
          arena_objects<Logits>(arena, values),
          arena_objects<TensorView>(arena, values),
          arena_objects<bool>(arena, nodes),
          arena_objects<Tape>(arena, nodes),
          arena_objects<std::span<Tensor>>(arena, nodes),
          arena_objects<std::span<const Value>>(arena, nodes),
          arena_objects<TensorView>(arena, values),
          arena_objects<TensorView>(arena, values)};
}

void Frame::ask(const Network& network, int value, bool training) const {
  const int node = network.node_of(network.source_of(value, training));
  if (node >= 0) asked[place(node)] = true;
}

void Frame::add_logit_slope(Arena& arena, const Network& network, int value, bool training,
                            const TensorView& slope) const {
  TensorView& total = logit_slopes[place(network.source_of(value, training))];
  total = added(arena, total, slope);
}

Call begin_call(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
                bool keep) {
  const Network::Node& node = network.nodes()[index];
  const std::span<const Value> inputs = gather_inputs(pass.arena, network, node, frame);
  frame.inputs[index] = inputs;
  Call call = call_of(node, inputs, outputs_of(frame.values, node));
  std::ranges::fill(outputs_of(frame.logits, node), Logits());
  if (frame.asked[index]) call.logits = outputs_of(frame.logits, node);
  frame.tapes[index] = Tape();
  call.tape = keep ? &frame.tapes[index] : nullptr;
  call.state = frame.states[index];
  return call;
}

void end_call(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
              const Call& call) {
  const Network::Node& node = network.nodes()[index];
  for (std::size_t k = 0; network.changes_masks() && k < call.outputs.size(); ++k)
    outputs_of(frame.made_masks, node)[k] = call.outputs[k].mask;
  settle_masks(pass, network, node, frame.inputs[index], frame);
}

CallBack begin_call_back(const Network& network, std::size_t index, const Frame& frame,
                         Pass& pass) {
  const Network::Node& node = network.nodes()[index];
  const std::span<const Value> inputs = frame.inputs[index];
  const std::span<TensorView> results = arena_objects<TensorView>(pass.arena, inputs.size());
  const std::span<bool> wanted = arena_objects<bool>(pass.arena, inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    wanted[i] = frame.wanted[place(node.inputs[i])];
    const DType dtype = inputs[i].data.dtype();
    if (dtype != DType::float32 && dtype != DType::float64) wanted[i] = false;
  }
  Call call = call_of(node, inputs, made_outputs(pass.arena, network, node, frame));
  call.tape = &frame.tapes[index];
  return {
      call,
      {outputs_of(frame.gradients, node), results, wanted, outputs_of(frame.logit_slopes, node)}};
}

void end_call_back(const Network& network, std::size_t index, const Frame& frame, Pass& pass,
                   const CallBack& back) {
  const Network::Node& node = network.nodes()[index];
  for (std::size_t i = 0; i < back.gradient.wanted.size(); ++i) {
    if (!back.gradient.wanted[i]) continue;
    TensorView& total = frame.gradients[place(node.inputs[i])];
    total = added(pass.arena, total, back.gradient.inputs[i]);
  }
}

void run_forward(const Network& network, const Frame& frame, Pass& pass, bool keep,
                 std::span<const std::int64_t> keep_bytes) {
  const std::span<const std::size_t> order = network.run_order();
  for (std::size_t i = 0; i < order.size();) {
    const std::size_t node = order[i];
    const std::size_t together = keep_bytes.empty() ? stack_size(network, i) : 1;
    if (together > 1 && run_stack(network, order.subspan(i, together), frame, pass, keep)) {
      i += together;
      continue;
    }
    pass.keep_bytes.reset();
    if (node < keep_bytes.size() && keep_bytes[node] >= 0) pass.keep_bytes = keep_bytes[node];
    Call call = begin_call(network, node, frame, pass, keep);
    invoke(pass, *network.nodes()[node].layer, call);
    end_call(network, node, frame, pass, call);
    ++i;
  }
}

void run_backward(const Network& network, const Frame& frame, Pass& pass) {
  find_wanted(network, frame);
  const std::span<const std::size_t> order = network.run_order();
  for (std::size_t end = order.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && stack_size(network, begin - 1) > end - begin) --begin;
    const std::span<const std::size_t> nodes = order.subspan(begin, end - begin);
    if (nodes.size() > 1 && run_stack_back(network, nodes, frame, pass)) {
      end = begin;
      continue;
    }
    run_back(network, order[end - 1], frame, pass);
    --end;
  }
}

}  // namespace chronicler
