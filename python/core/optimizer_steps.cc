#include "optimizer_steps.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler::python {

void OptimizerSteps::step(const std::vector<Tensor>& gradients) {
  if (gradients.size() != parameters_.size()) {
    throw Error(fmt::format("{} gradients were given for {} weights", gradients.size(),
                            parameters_.size()));
  }
  std::vector<Parameter*> all;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    Parameter& parameter = *parameters_[i];
    if (!(gradients[i].shape() == parameter.value.shape())) {
      throw Error(fmt::format("the gradient of \"{}\" has shape {}, the weight {}", parameter.name,
                              gradients[i].shape().to_string(),
                              parameter.value.shape().to_string()));
    }
    parameter.gradient = gradients[i].to(parameter.value.dtype()).clone();
    all.push_back(&parameter);
  }
  const FlushDenormals flush;
  optimizer_->build(all);
  optimizer_->step(Runtime::global());
}

}  // namespace chronicler::python
