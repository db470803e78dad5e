// Functional models: any graph of layers, with several inputs and outputs and shared layers.
//
//   Symbol x = Input({.shape = {None, 8}});
//   Symbol h = layers::LSTM({.units = 16})(x);
//   Functional model({x}, {layers::Dense({.units = 1})(h)});
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/layers/symbol.h"
#include "chronicler/model/model.h"

namespace chronicler {

// One output of one call of a layer, by names and numbers: Keras's keras_history.
struct GraphEdge {
  std::string layer;  // empty: nothing
  int node = 0;       // which of the layer's calls in the model
  int tensor = 0;     // which of its outputs
};

// A call of a layer. The calls of one layer come in the order of their numbers.
struct GraphCall {
  std::string layer;
  std::vector<GraphEdge> inputs;
  std::vector<GraphEdge> initial_state;
  std::vector<GraphEdge> mask;
  CallFlags flags;
};

// A model's graph as data: what files hold. `layers` may come in any order when a model is made
// from it; the layers' Inputs have no calls.
struct Graph {
  std::vector<LayerPtr> layers;
  std::vector<GraphCall> calls;
  std::vector<GraphEdge> inputs;
  std::vector<GraphEdge> outputs;
};

class Functional : public Model {
 public:
  // Layers come in Keras's order: those farthest from an output first, ties as they are found. An
  // input may be any symbol: what is computed before it is left out. Throws Error if an output
  // depends on an Input that is not among the inputs, or two layers have one name.
  Functional(const Symbols& inputs, const Symbols& outputs, const std::string& name = {});
  // Throws Error for an edge from nowhere, or a cycle.
  explicit Functional(const Graph& graph, const std::string& name = {});
  Functional(Functional&&) noexcept = default;
  Functional& operator=(Functional&&) noexcept = default;
  // A model of its own: same layers and weights, nothing shared.
  Functional clone() const;

  std::string_view class_name() const override { return "Functional"; }
  const Symbols& inputs() const { return inputs_; }
  const Symbols& outputs() const { return outputs_; }
  // The calls of layers in the order in which they run, and what flows between them.
  Graph graph() const;

  std::vector<std::string> input_names() const override;
  std::vector<std::string> output_names() const override;

 private:
  using CallPtr = std::shared_ptr<const LayerCall>;

  std::optional<Shape> declared_input() const override { return inputs_[0].shape(); }
  std::shared_ptr<Model> shared_model() const override;
  std::shared_ptr<Model> cloned_model() const override;
  void connect(const Shape& input_shape) override;
  GraphEdge edge_of(const Symbol& symbol) const;

  Symbols inputs_;
  Symbols outputs_;
  std::vector<LayerPtr> input_layers_;
  std::vector<CallPtr> calls_;  // as they run; without those of Inputs
};

}  // namespace chronicler
