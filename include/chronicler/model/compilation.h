// What compile attaches to a model, in the form in which files keep it.
#pragma once

#include <string>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler {

struct Compilation {
  std::string config;  // Keras's compile_config: optimizer, loss and metrics, as JSON
  // Iteration, learning rate and slots, in Keras's order; the first is a whole number in a float64.
  std::vector<Tensor> optimizer_variables;
};

class Model;

// Training attaches one that compiled models keep up to date; a file leaves one that only says what
// it was when the model was saved, until training takes it up.
class Compiled {
 public:
  virtual ~Compiled() = default;
  virtual Compilation compilation(const Model& model) const = 0;
  // Gives the optimizer back what compilation() had of it. Throws Error if it does not fit.
  virtual void restore(Model& model, const std::vector<Tensor>& optimizer_variables) = 0;
};

}  // namespace chronicler
