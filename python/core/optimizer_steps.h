// Steps of an optimizer over weights of the caller's: training loops written by hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chronicler/training/optimizer.h"

namespace chronicler::python {

class OptimizerSteps {
 public:
  explicit OptimizerSteps(OptimizerPtr optimizer) : optimizer_(std::move(optimizer)) {}
  OptimizerSteps(OptimizerSteps&&) = default;
  // A weight, whose elements are changed in place. All before the first step.
  void add(const std::string& name, const Tensor& value) {
    Parameter parameter;
    parameter.name = name;
    parameter.value = value;
    parameters_.push_back(std::make_unique<Parameter>(std::move(parameter)));
  }
  // One gradient for each weight. Throws Error unless they fit.
  void step(const std::vector<Tensor>& gradients);

 private:
  OptimizerPtr optimizer_;
  std::vector<std::unique_ptr<Parameter>> parameters_;
};

}  // namespace chronicler::python
