// beta^t of the optimizers that correct their means' start.
#pragma once

#include <cmath>
#include <cstdint>

namespace chronicler {

// Rounded as Keras rounds it, which keeps both beta and the power in the weights' type: in float32
// 1 - 0.999^2 is only right to 1e-5.
template <class Real>
Real beta_power(double beta, std::int64_t step) {
  return static_cast<Real>(
      std::pow(static_cast<double>(static_cast<Real>(beta)), static_cast<double>(step)));
}

}  // namespace chronicler
