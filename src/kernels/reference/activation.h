// The activations as their definitions read, in forms that neither overflow nor cancel. A NaN stays
// one.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/activation.h"

namespace chronicler::kernels::reference {

// Klambauer et al. 2017: the fixed point of mean 0 and variance 1.
inline constexpr double selu_scale = 1.0507009873554805;
inline constexpr double selu_alpha = 1.6732632423543772;

inline constexpr double leaky_relu_slope = 0.2;
inline constexpr double shrink_threshold = 0.5;
inline constexpr double keras2_slope = 0.2;  // of hard_sigmoid

template <class Real>
Real clip(Real x, Real low, Real high) {
  if (x < low) return low;
  if (x > high) return high;
  return x;
}

template <class Real>
Real sigmoid(Real x) {
  return 1 / (1 + std::exp(-x));
}

// log(1 + e^x)
template <class Real>
Real softplus(Real x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
}

template <class Real>
Real hard_sigmoid(Real x) {
  return clip<Real>(x / 6 + Real{0.5}, 0, 1);
}

template <class Real>
Real hard_sigmoid_keras2(Real x) {
  return clip<Real>(static_cast<Real>(keras2_slope) * x + Real{0.5}, 0, 1);
}

// The distribution function of the normal distribution.
template <class Real>
Real normal_probability(Real x) {
  return std::erfc(-x * static_cast<Real>(std::sqrt(0.5))) / 2;
}

template <class Real>
Real normal_density(Real x) {
  constexpr double one_over_sqrt_two_pi = 0.3989422804014327;
  return static_cast<Real>(one_over_sqrt_two_pi) * std::exp(-x * x / 2);
}

// (x + sqrt(x^2 + 4)) / 2, without the difference of nearly equal numbers on the left.
template <class Real>
Real squareplus(Real x) {
  const Real root = std::hypot(x, Real{2});
  return x < 0 ? 2 / (root - x) : (x + root) / 2;
}

template <class Real>
Real sparse_plus(Real x) {
  if (x <= -1) return 0;
  if (x >= 1) return x;
  return (x + 1) * (x + 1) / 4;
}

// activation(x), of those that work on single numbers.
template <class Real>
Real activated(Activation activation, Real x) {
  constexpr Real threshold = static_cast<Real>(shrink_threshold);
  constexpr Real scale = static_cast<Real>(selu_scale);
  constexpr Real alpha = static_cast<Real>(selu_alpha);
  switch (activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::leaky_relu:
      return x < 0 ? static_cast<Real>(leaky_relu_slope) * x : x;
    case Activation::relu6:
      return clip<Real>(x, 0, 6);
    case Activation::elu:
    case Activation::celu:  // the same for an alpha of 1
      return x > 0 ? x : std::expm1(x);
    case Activation::selu:
      return scale * (x > 0 ? x : alpha * std::expm1(x));
    case Activation::softplus:
      return softplus(x);
    case Activation::softsign:
      return x / (1 + std::abs(x));
    case Activation::silu:
      return x * sigmoid(x);
    case Activation::gelu:
      return x * normal_probability(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::hard_sigmoid:
      return hard_sigmoid(x);
    case Activation::hard_sigmoid_keras2:
      return hard_sigmoid_keras2(x);
    case Activation::hard_silu:
      return x * hard_sigmoid(x);
    case Activation::hard_tanh:
      return clip<Real>(x, -1, 1);
    case Activation::exponential:
      return std::exp(x);
    case Activation::mish:
      return x * std::tanh(softplus(x));
    case Activation::log_sigmoid:
      return -softplus(-x);
    case Activation::squareplus:
      return squareplus(x);
    case Activation::tanh_shrink:
      return x - std::tanh(x);
    case Activation::soft_shrink:
      return x - clip<Real>(x, -threshold, threshold);
    case Activation::hard_shrink:
      return std::abs(x) <= threshold ? 0 : x;
    case Activation::sparse_plus:
      return sparse_plus(x);
    case Activation::sparse_sigmoid:
      return clip<Real>((x + 1) / 2, 0, 1);
    case Activation::softmax:
    case Activation::log_softmax:
    case Activation::sparsemax:
      break;
  }
  return std::numeric_limits<Real>::quiet_NaN();  // a row is more than its numbers
}

// activation'(x), from the output y where that is enough; x is used only if
// needs_input(activation).
template <class Real>
Real derivative(Activation activation, Real x, Real y) {
  switch (activation) {
    case Activation::linear:
      return 1;
    case Activation::relu:
      return y > 0 ? 1 : 0;
    case Activation::leaky_relu:
      return y > 0 ? 1 : static_cast<Real>(leaky_relu_slope);
    case Activation::relu6:
      return y > 0 && y < 6 ? 1 : 0;
    case Activation::elu:
    case Activation::celu:
      return y > 0 ? 1 : y + 1;
    case Activation::selu:
      return y > 0 ? static_cast<Real>(selu_scale) : y + static_cast<Real>(selu_scale * selu_alpha);
    case Activation::softplus:  // sigmoid(x) = 1 - e^-y
      return -std::expm1(-y);
    case Activation::softsign:
      return (1 - std::abs(y)) * (1 - std::abs(y));
    case Activation::silu:
      return sigmoid(x) * (1 + x * sigmoid(-x));
    case Activation::gelu:
      return normal_probability(x) + x * normal_density(x);
    case Activation::tanh:
      return (1 - y) * (1 + y);
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::hard_sigmoid:
      return y > 0 && y < 1 ? Real{1} / 6 : 0;
    case Activation::hard_sigmoid_keras2:
      return y > 0 && y < 1 ? static_cast<Real>(keras2_slope) : 0;
    case Activation::hard_silu:
      return hard_sigmoid(x) + (x > -3 && x < 3 ? x / 6 : 0);
    case Activation::hard_tanh:
      return y > -1 && y < 1 ? 1 : 0;
    case Activation::exponential:
      return y;
    case Activation::mish: {
      const Real inner = std::tanh(softplus(x));
      return inner + x * (1 - inner * inner) * sigmoid(x);
    }
    case Activation::log_sigmoid:  // sigmoid(-x) = 1 - e^y
      return -std::expm1(y);
    case Activation::squareplus:  // x = y - 1/y
      return y / (y + 1 / y);
    case Activation::tanh_shrink:
      return std::tanh(x) * std::tanh(x);
    case Activation::soft_shrink:
    case Activation::hard_shrink:
      return y != 0 ? 1 : 0;
    case Activation::sparse_plus:  // sqrt(y) = (x + 1) / 2
      return y < 1 ? std::sqrt(y) : 1;
    case Activation::sparse_sigmoid:
      return y > 0 && y < 1 ? Real{0.5} : 0;
    case Activation::softmax:
    case Activation::log_softmax:
    case Activation::sparsemax:
      break;
  }
  return std::numeric_limits<Real>::quiet_NaN();
}

template <class Real>
Real largest(std::int64_t length, const Real* x) {
  Real largest = x[0];
  for (std::int64_t i = 1; i < length; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// y = e^x / sum e^x
template <class Real>
void softmax_row(std::int64_t length, const Real* x, Real* y) {
  const Real shift = largest(length, x);
  Real sum = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    y[i] = std::exp(x[i] - shift);
    sum += y[i];
  }
  for (std::int64_t i = 0; i < length; ++i) y[i] /= sum;
}

// y = x - log sum e^x
template <class Real>
void log_softmax_row(std::int64_t length, const Real* x, Real* y) {
  const Real shift = largest(length, x);
  Real sum = 0;
  for (std::int64_t i = 0; i < length; ++i) sum += std::exp(x[i] - shift);
  const Real log_sum = std::log(sum);
  for (std::int64_t i = 0; i < length; ++i) y[i] = x[i] - shift - log_sum;
}

// Martins and Astudillo 2016: y = max(x - threshold, 0), the threshold such that y sums to 1. It is
// that of the numbers above it; each round drops those that are not (Michelot 1986).
template <class Real>
void sparsemax_row(std::int64_t length, const Real* x, Real* y) {
  const Real shift = largest(length, x);
  for (std::int64_t i = 0; i < length; ++i) y[i] = x[i] - shift;
  Real threshold = -std::numeric_limits<Real>::infinity();
  std::int64_t count = length + 1;
  std::int64_t before = 0;
  do {
    before = count;
    count = 0;
    Real sum = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      if (y[i] <= threshold) continue;
      sum += y[i];
      ++count;
    }
    threshold = (sum - 1) / static_cast<Real>(count);
  } while (count < before);
  for (std::int64_t i = 0; i < length; ++i) y[i] = y[i] < threshold ? 0 : y[i] - threshold;
}

template <class Real>
void softmax_row_backward(std::int64_t length, const Real* y, const Real* dy, Real* dx) {
  Real sum = 0;
  for (std::int64_t i = 0; i < length; ++i) sum += y[i] * dy[i];
  for (std::int64_t i = 0; i < length; ++i) dx[i] = y[i] * (dy[i] - sum);
}

template <class Real>
void log_softmax_row_backward(std::int64_t length, const Real* y, const Real* dy, Real* dx) {
  Real sum = 0;
  for (std::int64_t i = 0; i < length; ++i) sum += dy[i];
  for (std::int64_t i = 0; i < length; ++i) dx[i] = dy[i] - std::exp(y[i]) * sum;
}

// Over the numbers that are not 0, the gradient less its mean.
template <class Real>
void sparsemax_row_backward(std::int64_t length, const Real* y, const Real* dy, Real* dx) {
  Real sum = 0;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < length; ++i) {
    if (y[i] == 0) continue;
    sum += dy[i];
    ++count;
  }
  const Real mean = sum / static_cast<Real>(count);
  for (std::int64_t i = 0; i < length; ++i) dx[i] = y[i] == 0 ? 0 : dy[i] - mean;
}

template <class Real>
void activate(Activation activation, std::int64_t rows, std::int64_t length, const Real* x,
              Real* y) {
  if (length == 0) return;
  for (std::int64_t row = 0; row < rows; ++row, x += length, y += length) {
    if (activation == Activation::softmax) {
      softmax_row(length, x, y);
    } else if (activation == Activation::log_softmax) {
      log_softmax_row(length, x, y);
    } else if (activation == Activation::sparsemax) {
      sparsemax_row(length, x, y);
    } else {
      for (std::int64_t i = 0; i < length; ++i) y[i] = activated(activation, x[i]);
    }
  }
}

template <class Real>
void activate_backward(Activation activation, std::int64_t rows, std::int64_t length, const Real* x,
                       const Real* y, const Real* dy, Real* dx) {
  const bool with_input = needs_input(activation);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t start = row * length;
    if (activation == Activation::softmax) {
      softmax_row_backward(length, y + start, dy + start, dx + start);
    } else if (activation == Activation::log_softmax) {
      log_softmax_row_backward(length, y + start, dy + start, dx + start);
    } else if (activation == Activation::sparsemax) {
      sparsemax_row_backward(length, y + start, dy + start, dx + start);
    } else {
      for (std::int64_t i = start; i < start + length; ++i) {
        dx[i] = dy[i] * derivative(activation, with_input ? x[i] : Real{0}, y[i]);
      }
    }
  }
}

}  // namespace chronicler::kernels::reference
