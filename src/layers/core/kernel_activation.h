// The kernel's name for an option's activation.
#pragma once

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"

namespace chronicler {

inline kernels::Activation kernel_activation(const Activation& activation) {
  return *kernels::activation_from_name(activation.name());
}

}  // namespace chronicler
