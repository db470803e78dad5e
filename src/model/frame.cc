#include "model/frame.h"

#include <algorithm>

namespace chronicler {
namespace {

std::size_t place(int value) { return static_cast<std::size_t>(value); }

template <class Item>
std::span<Item> outputs_of(std::span<Item> values, const Network::Node& node) {
  return values.subspan(place(node.first_output), place(node.output_count));
}

// The node's inputs with the masks that its layer is to see.
std::span<Value> gather_inputs(Arena& arena, const Network::Node& node, const Frame& frame) {
  const std::span<Value> inputs = arena_objects<Value>(arena, node.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = frame.values[place(node.inputs[i])];
    const int mask = i < node.masks.size() ? node.masks[i] : Network::mask_of_value;
    if (mask == Network::no_mask) inputs[i].mask = {};
    if (mask >= 0) inputs[i].mask = frame.values[place(mask)].data;
  }
  return inputs;
}

// Where a layer is to see no mask, what follows sees the one that came with the first input, if the
// output still has its steps. A mask of the layer's own goes on from it like any other; that of a
// MultiHeadAttention is not one of steps. So do Keras's layers since 3.11.
void restore_mask(const Network::Node& node, const Frame& frame) {
  if (node.masks.empty() || node.masks[0] == Network::mask_of_value) return;
  if (node.masks[0] >= 0 && node.layer->class_name() != "MultiHeadAttention") return;
  Value& output = frame.values[place(node.first_output)];
  const Value& input = frame.values[place(node.inputs[0])];
  const Shape& shape = output.data.shape();
  const bool has_steps = input.mask && node.layer->supports_masking() && shape.rank() > 2 &&
                         shape[1] == input.mask.shape()[1];
  output.mask = has_steps ? input.mask : TensorView();
}

Call call_of(const Network::Node& node, std::span<Value> inputs, const Frame& frame) {
  Call call;
  call.inputs = inputs;
  call.outputs = outputs_of(frame.values, node);
  call.flags = node.flags;
  return call;
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

void run_back(const Network::Node& node, Tape& tape, const Frame& frame, Pass& pass) {
  if (!frame.wanted[place(node.first_output)]) return;
  Arena& arena = pass.arena;
  const std::span<Value> inputs = gather_inputs(arena, node, frame);
  const std::span<TensorView> results = arena_objects<TensorView>(arena, inputs.size());
  const std::span<bool> wanted = arena_objects<bool>(arena, inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    wanted[i] = frame.wanted[place(node.inputs[i])];
    if (inputs[i].data.dtype() == DType::int32 || inputs[i].data.dtype() == DType::boolean)
      wanted[i] = false;
  }
  Call call = call_of(node, inputs, frame);
  call.tape = &tape;
  if (!invoke_back(pass, *node.layer, call, outputs_of(frame.gradients, node), results, wanted,
                   outputs_of(frame.logit_slopes, node))) {
    return;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!wanted[i]) continue;
    TensorView& total = frame.gradients[place(node.inputs[i])];
    total = added(arena, total, results[i]);
  }
}

}  // namespace

Frame Frame::in(Arena& arena, const Network& network) {
  const std::size_t values = place(network.value_count());
  const std::size_t nodes = network.nodes().size();
  return {arena_objects<Value>(arena, values),      arena_objects<TensorView>(arena, values),
          arena_objects<bool>(arena, values),       arena_objects<Logits>(arena, values),
          arena_objects<TensorView>(arena, values), arena_objects<bool>(arena, nodes),
          arena_objects<Tape>(arena, nodes),        arena_objects<std::span<Tensor>>(arena, nodes)};
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

void run_forward(const Network& network, const Frame& frame, Pass& pass, bool keep) {
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const Network::Node& node = network.nodes()[i];
    Call call = call_of(node, gather_inputs(pass.arena, node, frame), frame);
    std::ranges::fill(outputs_of(frame.logits, node), Logits());
    if (frame.asked[i]) call.logits = outputs_of(frame.logits, node);
    frame.tapes[i] = Tape();
    call.tape = keep ? &frame.tapes[i] : nullptr;
    call.state = frame.states[i];
    invoke(pass, *node.layer, call);
    restore_mask(node, frame);
  }
}

void run_backward(const Network& network, const Frame& frame, Pass& pass) {
  find_wanted(network, frame);
  for (std::size_t i = network.nodes().size(); i-- > 0;)
    run_back(network.nodes()[i], frame.tapes[i], frame, pass);
}

}  // namespace chronicler
