#include "model/mask_flow.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "layers/attention/heads.h"
#include "model/model_internals.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

std::size_t place(int value) { return static_cast<std::size_t>(value); }

int mask_edge(const Network::Node& node, std::size_t input) {
  return input < node.masks.size() ? node.masks[input] : Network::mask_of_value;
}

// Keras writes a mask that is there when the graph is built into a call that has one input and an
// argument for its mask, or is of a model: such a call sees it whatever becomes of it before it
// runs.
bool keeps_built_mask(const Network::Node& node) {
  static constexpr std::array<std::string_view, 10> classes{"LSTM",
                                                            "GRU",
                                                            "SimpleRNN",
                                                            "RNN",
                                                            "ConvLSTM1D",
                                                            "Bidirectional",
                                                            "Softmax",
                                                            "TimeDistributed",
                                                            "BatchNormalization",
                                                            "GlobalAveragePooling1D"};
  if (model_of(*node.layer)) return true;
  return node.inputs.size() == 1 &&
         std::find(classes.begin(), classes.end(), node.layer->class_name()) != classes.end();
}

bool is_merge(const Layer& layer) {
  static constexpr std::array<std::string_view, 7> classes{
      "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"};
  return std::find(classes.begin(), classes.end(), layer.class_name()) != classes.end();
}

// A mask of the first input goes on from a layer that knows masks, if the output has its steps.
TensorView handed_on(const Network::Node& node, const TensorView& mask, const Frame& frame) {
  const Shape& shape = frame.values[place(node.first_output)].data.shape();
  const bool has_steps =
      mask && node.layer->supports_masking() && shape.rank() > 2 && shape[1] == mask.shape()[1];
  return has_steps ? mask : TensorView();
}

// Where a layer is to see no mask, what follows sees the one that came with the first input, if the
// output still has its steps. A mask of the layer's own goes on from it like any other; that of a
// MultiHeadAttention is not one of steps. So do Keras's layers since 3.11.
void restore_mask(const Network::Node& node, const Frame& frame) {
  if (node.masks.empty() || node.masks[0] == Network::mask_of_value) return;
  if (node.masks[0] >= 0 && !has_heads(*node.layer)) return;
  frame.values[place(node.first_output)].mask =
      handed_on(node, frame.values[place(node.inputs[0])].mask, frame);
}

// What a merge makes of the masks that were known when the graph was built.
TensorView merged_mask(Pass& pass, const Network::Node& node, std::span<const Value> inputs,
                       const Frame& frame) {
  const std::span<Value> built = arena_objects<Value>(pass.arena, inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    built[i] = {inputs[i].data, frame.built_masks[place(node.inputs[i])]};
  Call call;
  call.inputs = built;
  call.outputs = arena_objects<Value>(pass.arena, 1);
  node.layer->forward(pass, call);
  return call.outputs[0].mask;
}

// The mask of the node's first output that Keras knew when it built the graph.
TensorView built_mask(Pass& pass, const Network::Node& node, std::span<const Value> inputs,
                      const Frame& frame) {
  const TensorView& made = frame.values[place(node.first_output)].mask;
  if (node.layer->is_operation() || model_of(*node.layer)) return {};
  if (mask_edge(node, 0) >= 0 && !has_heads(*node.layer)) return made;
  const auto built = [&](std::size_t i) { return frame.built_masks[place(node.inputs[i])]; };
  bool same = true;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    same = same && built(i).raw() == frame.values[place(node.inputs[i])].mask.raw();
  const std::string_view kind = node.layer->class_name();
  if (same || kind == "Embedding" || kind == "ReversibleEmbedding" || kind == "Masking")
    return made;
  if (keeps_built_mask(node)) return built(0) ? made : TensorView();
  if (is_merge(*node.layer)) return merged_mask(pass, node, inputs, frame);
  return handed_on(node, built(0), frame);
}

bool takes_mask(const Layer& layer, int input, bool training) {
  if (takes_masks_off(layer)) return true;
  const Model* model = model_of(layer);
  if (model == nullptr) return false;
  const Network& network = ModelInternals::network(*model);
  for (const Network::Node& node : network.nodes()) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (network.source_of(node.inputs[i], training) == input &&
          takes_mask(*node.layer, static_cast<int>(i), training)) {
        return true;
      }
    }
  }
  return false;
}

// Hangs the mask on a value and on all that are the same tensor in Keras: layers that only pass a
// tensor on give the very same, and a model may be called on one tensor twice.
void hang(const TensorView& mask, const Network& network, int value, const Frame& frame,
          bool training) {
  const int source = network.source_of(value, training);
  const int inputs = static_cast<int>(network.input_shapes().size());
  const auto is_same = [&](int other) {
    return other == source ||
           (other < inputs && source < inputs &&
            frame.values[place(other)].data.raw() == frame.values[place(source)].data.raw());
  };
  for (int other = 0; other < network.value_count(); ++other) {
    if (is_same(network.source_of(other, training))) frame.values[place(other)].mask = mask;
  }
}

// What a MultiHeadAttention is to see: the mask (B, Tq, Tv) that it is given, where the query's own
// counts.
TensorView both(Arena& arena, const TensorView& given, const TensorView& query) {
  if (!query || query.shape().rank() != 2 || given.shape().rank() != 3 ||
      given.dtype() != DType::boolean) {
    return given;
  }
  const Shape shape{query.shape()[0], query.shape()[1], given.shape()[2]};
  for (int axis = 0; axis < 2; ++axis) {
    if (given.shape()[axis] != 1 && given.shape()[axis] != shape[axis]) return given;  // refused
  }
  const TensorView mask = arena.tensor(shape, DType::boolean);
  for (std::int64_t i = 0; i < query.size(); ++i) {
    const std::int64_t row = given.shape()[0] == 1 ? 0 : i / shape[1];
    const std::int64_t step = given.shape()[1] == 1 ? 0 : i % shape[1];
    const auto* from =
        given.as<std::uint8_t>() + (row * given.shape()[1] + step) * given.shape()[2];
    for (std::int64_t j = 0; j < shape[2]; ++j) {
      mask.as<std::uint8_t>()[i * shape[2] + j] =
          query.as<std::uint8_t>()[i] == 0 ? std::uint8_t{0} : from[j];
    }
  }
  return mask;
}

}  // namespace

bool may_change_masks(const Layer& layer) {
  const Model* model = model_of(layer);
  return takes_masks_off(layer) ||
         (model != nullptr && ModelInternals::network(*model).changes_masks());
}

std::span<Value> gather_inputs(Arena& arena, const Network& network, const Network::Node& node,
                               const Frame& frame) {
  const std::span<Value> inputs = arena_objects<Value>(arena, node.inputs.size());
  const bool keeps = network.changes_masks() && keeps_built_mask(node);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = frame.values[place(node.inputs[i])];
    const int mask = mask_edge(node, i);
    if (mask == Network::no_mask) inputs[i].mask = {};
    if (mask >= 0) {
      const TensorView& given = frame.values[place(mask)].data;
      inputs[i].mask = has_heads(*node.layer) ? both(arena, given, inputs[i].mask) : given;
    }
    if (mask != Network::mask_of_value || !keeps) continue;
    const TensorView& built = frame.built_masks[place(node.inputs[i])];
    if (built) inputs[i].mask = built;
  }
  return inputs;
}

void settle_masks(Pass& pass, const Network& network, const Network::Node& node,
                  std::span<const Value> inputs, const Frame& frame) {
  restore_mask(node, frame);
  if (!network.changes_masks() || frame.padded) return;
  frame.built_masks[place(node.first_output)] = built_mask(pass, node, inputs, frame);
  const bool is_model = model_of(*node.layer) != nullptr;
  if (!is_model && !takes_masks_off(*node.layer)) return;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool takes = takes_mask(*node.layer, static_cast<int>(i), pass.training);
    if (takes || inputs[i].mask)
      hang(takes ? TensorView() : inputs[i].mask, network, node.inputs[i], frame, pass.training);
  }
}

}  // namespace chronicler
