#include "model/step_axes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/model_internals.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

// What a value is for sequences that run part by part.
enum class Kind : std::uint8_t {
  fixed,  // the same for each part
  steps,  // of each step
  last,   // of the last step so far
};

using Kinds = std::vector<Kind>;

// The shapes of values for two lengths: what differs between them in axis 1 has steps there.
struct Shapes {
  Shape shorter;
  Shape longer;

  bool have_steps() const {
    return shorter.rank() >= 2 && longer.rank() >= 2 && longer[1] == shorter[1] + 1;
  }
};

bool is_read_as_ids(const Network& network, int value) {
  return std::any_of(network.nodes().begin(), network.nodes().end(), [&](const auto& node) {
    return node.layer->takes_ids() &&
           std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
  });
}

bool is_read_as_mask(const Network& network, int value) {
  return std::any_of(network.nodes().begin(), network.nodes().end(), [&](const auto& node) {
    return std::find(node.masks.begin(), node.masks.end(), value) != node.masks.end();
  });
}

// Inputs (B, T, F), ids (B, T) and masks (B, T).
bool input_has_steps(const Network& network, int input) {
  const int rank = network.input_shapes()[static_cast<std::size_t>(input)].rank();
  return rank >= 3 ||
         (rank == 2 && (is_read_as_ids(network, input) || is_read_as_mask(network, input)));
}

std::string described(const Layer& layer) {
  return fmt::format("{} \"{}\"", layer.class_name(), layer.name());
}

class Walk {
 public:
  explicit Walk(std::string_view option) : option_(option) {}

  // The kinds of the network's outputs.
  Kinds over(const Network& network, const Kinds& inputs, const std::vector<Shapes>& shapes) {
    kinds_ = inputs;
    shapes_ = shapes;
    for (const Network::Node& node : network.nodes()) visit(node);
    Kinds outputs;
    for (const int value : network.outputs())
      outputs.push_back(kinds_[static_cast<std::size_t>(value)]);
    return outputs;
  }

 private:
  [[noreturn]] void refuse(const Layer& layer, std::string_view why) const {
    throw Error(fmt::format("{} cuts sequences into parts, which {} cannot: {}", option_,
                            described(layer), why),
                fmt::format("leave {} out, or use layers that look back only, such as an LSTM or a "
                            "Conv1D with padding \"causal\"",
                            option_));
  }

  void visit(const Network::Node& node) {
    Kinds kinds;
    std::vector<Shape> shorter;
    std::vector<Shape> longer;
    std::vector<Shapes> given;
    for (const int value : node.inputs) {
      const auto index = static_cast<std::size_t>(value);
      kinds.push_back(kinds_[index]);
      given.push_back(shapes_[index]);
      shorter.push_back(shapes_[index].shorter);
      longer.push_back(shapes_[index].longer);
    }
    check(*node.layer, kinds);
    const std::vector<Shape> few = node.layer->call_shapes(shorter, node.flags);
    const std::vector<Shape> many = node.layer->call_shapes(longer, node.flags);
    std::vector<Shapes> made;
    for (std::size_t i = 0; i < few.size(); ++i) made.push_back({few[i], many[i]});
    const Kinds results = kinds_of(node, kinds, given, made);
    kinds_.insert(kinds_.end(), results.begin(), results.end());
    shapes_.insert(shapes_.end(), made.begin(), made.end());
  }

  void check(const Layer& layer, const Kinds& kinds) const {
    const auto has = [&](Kind kind) {
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    };
    if (!has(Kind::steps)) return;
    const Model* within = model_of(layer);
    if (within == nullptr && !layer.causal())
      refuse(layer, "it needs the whole sequence, or steps that are still to come");
    if (has(Kind::last))
      refuse(layer, "it reads sequences together with what came of the end of sequences");
    if (within == nullptr && kinds.size() > 1 && layer.state_size() > 0)
      refuse(layer, "its initial state is given to it, and each part would start from there");
  }

  Kinds kinds_of(const Network::Node& node, const Kinds& inputs, const std::vector<Shapes>& given,
                 const std::vector<Shapes>& made) const {
    if (const Model* within = model_of(*node.layer))
      return Walk(option_).over(ModelInternals::network(*within), inputs, given);
    Kinds results;
    for (const Shapes& shapes : made) {
      if (std::all_of(inputs.begin(), inputs.end(), [](Kind kind) { return kind == Kind::fixed; }))
        results.push_back(Kind::fixed);
      else
        results.push_back(shapes.have_steps() ? Kind::steps : Kind::last);
    }
    return results;
  }

  std::string_view option_;
  Kinds kinds_;
  std::vector<Shapes> shapes_;
};

// An input's shape for so many steps; extents that are open are small.
Shape with_steps(Shape shape, bool has_steps, std::int64_t steps) {
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == None) shape.set(axis, 2);
  }
  if (has_steps) shape.set(1, steps);
  return shape;
}

}  // namespace

StepAxes step_axes(const Network& network, std::string_view option) {
  constexpr std::int64_t some_steps = 61;  // more than any window
  StepAxes axes;
  Kinds kinds;
  std::vector<Shapes> shapes;
  for (std::size_t i = 0; i < network.input_shapes().size(); ++i) {
    const bool has_steps = input_has_steps(network, static_cast<int>(i));
    axes.inputs.push_back(has_steps);
    kinds.push_back(has_steps ? Kind::steps : Kind::fixed);
    const Shape& shape = network.input_shapes()[i];
    shapes.push_back(
        {with_steps(shape, has_steps, some_steps), with_steps(shape, has_steps, some_steps + 1)});
  }
  if (std::find(axes.inputs.begin(), axes.inputs.end(), true) == axes.inputs.end()) {
    throw Error(
        fmt::format("{} cuts sequences into parts, but no input of the model is one: the "
                    "first has shape {}",
                    option, network.input_shapes().front().to_string()),
        fmt::format("leave {} out, or give the model inputs (batch, steps, features)", option));
  }
  for (const Kind kind : Walk(option).over(network, kinds, shapes))
    axes.outputs.push_back(kind == Kind::steps);
  return axes;
}

bool runs_in_parts(const Network& network) {
  try {
    step_axes(network, "");
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace chronicler
