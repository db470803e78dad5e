// A network: layers and the edges between them; and one run over it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "chronicler/base/arena.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

struct Frame;

// Layers in the order in which they run. Values (edges) are numbered: first the network's inputs,
// then the outputs of each node in turn.
class Network {
 public:
  static constexpr int mask_of_value = -1;  // the mask that comes along with an input
  static constexpr int no_mask = -2;        // every step counts

  // What an edge may carry besides its value: a mask for each of the first inputs, which is a value
  // or one of the constants above.
  struct NodeOptions {
    std::vector<int> masks = {};
    CallFlags flags = {};
  };
  struct Node {
    LayerPtr layer;
    std::vector<int> inputs;  // values
    std::vector<int> masks;   // see NodeOptions
    CallFlags flags;
    int first_output = 0;  // value
    int output_count = 1;
    std::vector<Shape> output_shapes;
  };

  // Starts over, with these inputs (batch axis included, None where it varies).
  void reset(std::vector<Shape> input_shapes);
  // Appends a layer, building it for the shapes of these values. Returns the node's index.
  int add(const LayerPtr& layer, std::vector<int> inputs, NodeOptions options);
  int add(const LayerPtr& layer, std::vector<int> inputs) {
    return add(layer, std::move(inputs), NodeOptions());
  }
  void set_outputs(std::vector<int> values) { outputs_ = std::move(values); }
  // Nodes may run in another order than they were added in: that of their parameters.
  void set_run_order(std::vector<std::size_t> nodes) { run_order_ = std::move(nodes); }

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<std::size_t>& run_order() const { return run_order_; }
  // Whether running it takes masks off values, or puts them on, that are there already: then the
  // order counts among nodes that do not need one another.
  bool changes_masks() const { return changes_masks_; }
  const std::vector<Shape>& input_shapes() const { return input_shapes_; }
  const std::vector<int>& outputs() const { return outputs_; }
  int value_count() const { return value_count_; }
  const Shape& value_shape(int value) const {
    return value_shapes_[static_cast<std::size_t>(value)];
  }
  bool built() const { return !outputs_.empty(); }
  // The value that this one is, seen through the layers that only pass it on.
  int source_of(int value, bool training) const;
  // The node whose output a value is; -1 for the network's inputs.
  int node_of(int value) const;
  // Shapes of the network's outputs for inputs of these shapes.
  std::vector<Shape> output_shapes(std::vector<Shape> inputs) const;

  // Every weight, in Keras's order.
  std::vector<Parameter*> parameters() const;
  // Puts all values, and if asked all gradients, side by side in memory: one tensor each for the
  // whole model.
  void gather_parameters();
  void make_gradients();
  // False also if another network that shares layers has moved them since.
  bool has_gradients() const;
  void zero_gradients();

 private:
  std::vector<Node> nodes_;
  std::vector<std::size_t> run_order_;
  bool changes_masks_ = false;
  std::vector<Shape> input_shapes_;
  std::vector<Shape> value_shapes_;
  std::vector<int> outputs_;
  int value_count_ = 0;
  Tensor values_;
  Tensor gradients_;
  std::vector<Tensor> gradient_squares_;
};

// One place in which passes over a network run, one after another: memory, carried states, results.
// Several executions may run over one network at the same time as long as nobody trains it.
class Execution {
 public:
  // carry: every layer that has a state keeps it from call to call (a stream); otherwise only
  // stateful ones do.
  explicit Execution(const Network& network, bool carry = false);

  struct Mode {
    bool training = false;   // dropout is on
    bool keep = false;       // keep what backward needs
    std::uint64_t step = 0;  // see Pass
    bool observe = false;    // see Pass
    bool logits = false;     // find what the last softmax or sigmoid of each output was given
    // What each node may keep of its steps (see Pass), in bytes; below 0, or none: all of them.
    std::span<const std::int64_t> keep_bytes = {};
  };
  // Runs the network on one batch. Inputs are borrowed until the next pass. Throws Error for what a
  // layer cannot take.
  void forward(std::span<const Value> inputs, const Mode& mode);
  const Value& output(std::size_t index = 0) const;
  const Value& value(int number) const { return values_[static_cast<std::size_t>(number)]; }

  // After a forward with Mode::logits: empty if the output is not a softmax's or sigmoid's own.
  Logits logits(std::size_t index = 0) const;

  // After a forward that kept: adds dLoss/dweights to the parameters' gradients. One gradient for
  // each output (empty: none). With `inputs`, also makes the gradients of the network's inputs.
  // What a loss says of an output's logits goes past their softmax or sigmoid.
  void backward(std::span<const TensorView> output_gradients, bool inputs = false,
                std::span<const TensorView> logit_gradients = {});
  TensorView input_gradient(std::size_t index = 0) const { return gradients_[index]; }

  // The penalties that activity regularizers put on the last forward, divided by the batch size as
  // Keras does.
  double activity_penalty() const { return activity_penalty_; }
  // What node `node` kept in the last pass.
  const Tape& tape(std::size_t node) const { return tapes_[node]; }

  // The calls that follow are parts of the same sequences, one after the other: every layer that
  // has a state carries it from part to part. Those of layers that are not stateful start at zero,
  // as for other sequences; with `goes_on`, from what is in states(). Until end_parts().
  void begin_parts(std::int64_t batch, bool goes_on = false);
  void end_parts();

  // Forgets carried states; the next batch may have another size.
  void reset_states();
  std::vector<State>& states() { return states_; }  // of each node; empty for layers without one

  Arena& arena() { return arena_; }

 private:
  Frame frame();
  void find_states(std::int64_t batch);
  void check_batch_size(std::span<const Value> inputs) const;
  void check_carried_batch(const Network::Node& node, const State& state, std::int64_t batch) const;
  Pass make_pass();

  const Network* network_;
  bool carry_;
  bool in_parts_ = false;
  Arena arena_;
  Mode mode_;
  bool keeps_less_ = false;  // some node did, in the last forward
  std::vector<Value> values_;
  std::vector<TensorView> gradients_;     // of each value
  std::vector<Logits> logits_;            // of each value
  std::vector<TensorView> logit_slopes_;  // of each value
  std::unique_ptr<bool[]> wanted_;        // whether a value's gradient is
  std::unique_ptr<bool[]> asked_;         // whether a node is for its logits
  std::vector<Tape> tapes_;
  std::vector<State> states_;
  std::vector<std::span<Tensor>> carried_;      // states_, where they are
  std::vector<std::span<const Value>> inputs_;  // of each node
  std::vector<TensorView> built_masks_;         // of each value
  std::vector<TensorView> made_masks_;          // of each value
  bool padded_ = false;                         // see Frame
  double activity_penalty_ = 0.0;
};

}  // namespace chronicler
