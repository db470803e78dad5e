// What an LRU's state is multiplied by at each step, from its weights.
#pragma once

#include <cmath>

#include "layers/scan/lru_run.h"

namespace chronicler {

// lambda [2N]: real and imaginary parts of e^(-e^nu + i e^theta); gamma [N]: e^gamma.
template <class Real>
void lru_factors(const LruEquation& equation, Real* lambda, Real* gamma) {
  const std::int64_t n = equation.numbers();
  const Real* nu = equation.nu->value.as<Real>();
  const Real* theta = equation.theta->value.as<Real>();
  const Real* log_gamma = equation.gamma->value.as<Real>();
  for (std::int64_t u = 0; u < n; ++u) {
    const double size = std::exp(-std::exp(static_cast<double>(nu[u])));
    const double phase = std::exp(static_cast<double>(theta[u]));
    lambda[u] = static_cast<Real>(size * std::cos(phase));
    lambda[n + u] = static_cast<Real>(size * std::sin(phase));
    gamma[u] = static_cast<Real>(std::exp(static_cast<double>(log_gamma[u])));
  }
}

// From the gradients by lambda and e^gamma to those of the weights, which are added to.
template <class Real>
void add_lru_factor_gradients(const LruEquation& equation, const Real* lambda, const Real* gamma,
                              const Real* of_lambda, const Real* of_gamma) {
  const std::int64_t n = equation.numbers();
  const Real* nu = equation.nu->value.as<Real>();
  const Real* theta = equation.theta->value.as<Real>();
  Real* of_nu = equation.nu->gradient.as<Real>();
  Real* of_theta = equation.theta->gradient.as<Real>();
  Real* of_log_gamma = equation.gamma->gradient.as<Real>();
  for (std::int64_t u = 0; u < n; ++u) {
    const auto real = static_cast<double>(lambda[u]);
    const auto imaginary = static_cast<double>(lambda[n + u]);
    const auto by_real = static_cast<double>(of_lambda[u]);
    const auto by_imaginary = static_cast<double>(of_lambda[n + u]);
    of_nu[u] -= static_cast<Real>((by_real * real + by_imaginary * imaginary) *
                                  std::exp(static_cast<double>(nu[u])));
    of_theta[u] += static_cast<Real>((by_imaginary * real - by_real * imaginary) *
                                     std::exp(static_cast<double>(theta[u])));
    of_log_gamma[u] += of_gamma[u] * gamma[u];
  }
}

}  // namespace chronicler
