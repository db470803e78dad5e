// What lies before a layer's last softmax or sigmoid, for the losses that look behind it.
#pragma once

#include <cstdint>

#include "chronicler/layers/layer.h"
#include "kernels/activation.h"

namespace chronicler {

inline bool has_logits(kernels::Activation activation) {
  return activation == kernels::Activation::softmax || activation == kernels::Activation::sigmoid;
}

// Whether the call is asked for what this activation, the layer's last step, is given.
inline bool asks_for_logits(const Call& call, kernels::Activation activation) {
  return !call.logits.empty() && has_logits(activation);
}

inline Logits logits_of(kernels::Activation activation, const TensorView& z) {
  return {z, activation == kernels::Activation::softmax};
}

// dLoss/dz of y = activation(z): what comes through y, and what a loss said of z itself. z may be
// null where the activation does not need its input. What comes from one place alone is not copied.
template <class Real>
const Real* slopes_before(Pass& pass, kernels::Activation activation, std::int64_t rows,
                          std::int64_t width, const Real* z, const Real* y,
                          const CallGradient& gradient) {
  const TensorView dy = gradient.outputs[0];
  const TensorView direct = gradient.of_logits();
  if (!dy) return direct.as<Real>();
  Real* dz = pass.arena.array<Real>(rows * width);
  kernels::activate_backward(activation, rows, width, z, y, dy.as<Real>(), dz);
  if (!direct) return dz;
  for (std::int64_t i = 0; i < rows * width; ++i) dz[i] += direct.as<Real>()[i];
  return dz;
}

}  // namespace chronicler
