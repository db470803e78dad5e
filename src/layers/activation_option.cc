// An activation as an option: a name that the kernels know.
#include "chronicler/base/error.h"
#include "chronicler/layers/options.h"
#include "kernels/activation.h"

namespace chronicler {

// A null pointer is Keras's None: no activation.
Activation::Activation(const char* name) : Activation(std::string(name ? name : "linear")) {}

Activation::Activation(const std::string& name) {
  const auto known = kernels::activation_from_name(name);
  if (!known) unknown_name("activation", name, kernels::activation_names());
  name_ = kernels::name_of(*known);  // Keras writes "silu" for "swish"
}

}  // namespace chronicler
