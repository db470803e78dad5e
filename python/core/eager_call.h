// A layer run at once, outside a model, and back again.
#pragma once

#include <memory>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::python {

// What a call owns until it is forgotten: inputs, results, and what backward needs.
class EagerCall {
 public:
  struct Options {
    bool training = false;
    bool keep = false;  // what backward needs
    CallFlags flags = {};
    State state = {};  // carried: read, and written at the end
  };
  // Builds the layer for these inputs if it is not built. masks: one for each of the first inputs,
  // or empty tensors. Throws Error.
  EagerCall(LayerPtr layer, std::vector<Tensor> inputs, std::vector<Tensor> masks,
            const Options& options);

  std::vector<Tensor> outputs() const;  // copies
  std::vector<Tensor> masks() const;    // of the outputs; empty tensors where there is none
  const State& state() const { return state_; }

  // One gradient for each output, or an empty tensor. The gradients of all inputs (empty for whole
  // numbers), then those of all weights. Needs Options::keep. The weights' own gradients stay what
  // they were.
  std::vector<Tensor> backward(const std::vector<Tensor>& output_gradients);

 private:
  Pass pass();

  LayerPtr layer_;
  std::vector<Tensor> input_tensors_;
  std::vector<Tensor> mask_tensors_;
  bool training_;
  std::uint64_t step_;
  Arena arena_;
  Tape tape_;
  State state_;
  std::vector<Value> inputs_;
  std::vector<Value> outputs_;
  CallFlags flags_;
};

}  // namespace chronicler::python
