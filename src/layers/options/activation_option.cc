// An activation as an option: a name that the kernels know.
#include <algorithm>
#include <array>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/layers/options.h"
#include "kernels/activation.h"

namespace chronicler {
namespace {

// What only an Activation layer can do: give another shape, or ask for more options.
constexpr std::array<std::string_view, 2> of_layer{"glu", "threshold"};

bool is_of_layer(std::string_view name) {
  return std::find(of_layer.begin(), of_layer.end(), name) != of_layer.end();
}

}  // namespace

// A null pointer is Keras's None: no activation.
Activation::Activation(const char* name) : Activation(std::string(name ? name : "linear")) {}

Activation::Activation(const std::string& name) {
  if (is_of_layer(name)) {
    name_ = name;
    return;
  }
  const auto known = kernels::activation_from_name(name);
  if (!known) {
    std::vector<std::string_view> names(kernels::activation_names().begin(),
                                        kernels::activation_names().end());
    names.insert(names.end(), of_layer.begin(), of_layer.end());
    unknown_name("activation", name, names);
  }
  name_ = kernels::name_of(*known);  // Keras writes "silu" for "swish"
}

bool Activation::needs_layer() const { return is_of_layer(name_); }

}  // namespace chronicler
