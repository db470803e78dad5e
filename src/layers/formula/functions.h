// The functions that a formula may call.
#pragma once

#include <span>
#include <string_view>

#include "kernels/activation.h"

namespace chronicler::formula {

struct Function {
  std::string_view name;
  int arguments = 1;
  std::string_view meaning = {};  // of those that are no activation
  // What it is: an activation of single numbers, or one of the others by its name.
  bool is_activation = false;
  kernels::Activation activation = kernels::Activation::linear;
};

// All of them, by name.
std::span<const Function> functions();
// Null for a name that is none.
const Function* find_function(std::string_view name);
// "abs, cos, elu, ...".
std::string_view function_list();

}  // namespace chronicler::formula
