// Activations over blocks of numbers, forwards and backwards.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace chronicler::kernels {

// Keras's activation functions (keras.activations) that keep the shape of their input.
enum class Activation : std::uint8_t {
  linear,
  relu,
  leaky_relu,  // slope 0.2
  relu6,
  elu,
  selu,
  celu,
  softplus,
  softsign,
  silu,
  gelu,  // exact, with erf
  tanh,
  sigmoid,
  hard_sigmoid,         // clip(x / 6 + 0.5, 0, 1)
  hard_sigmoid_keras2,  // clip(0.2 x + 0.5, 0, 1), what Keras 1 and 2 called hard_sigmoid
  hard_silu,
  hard_tanh,
  exponential,
  mish,
  log_sigmoid,
  squareplus,  // (x + sqrt(x^2 + 4)) / 2
  tanh_shrink,
  soft_shrink,  // 0.5
  hard_shrink,  // 0.5
  sparse_plus,
  sparse_sigmoid,
  softmax,  // the last three work on whole rows
  log_softmax,
  sparsemax,
};

// Keras's names in the order of the enumeration; "swish", "hard_swish" and "exp" are accepted by
// activation_from_name as well.
std::span<const std::string_view> activation_names();
std::string_view name_of(Activation activation);
std::optional<Activation> activation_from_name(std::string_view name);

// Whether the derivative cannot be had from the output alone, so that the input must be kept.
bool needs_input(Activation activation);
// Whether an output depends on its whole row (softmax and its kin).
bool is_rowwise(Activation activation);

// y = activation(x).  x, y [rows][length]; y may be x.
template <class Real>
void activate(Activation activation, std::int64_t rows, std::int64_t length, const Real* x,
              Real* y);

// dx = dy * activation'(x).  x [rows][length] read only if needs_input(activation), may be null
// otherwise; y the outputs; dx may be dy.
template <class Real>
void activate_backward(Activation activation, std::int64_t rows, std::int64_t length, const Real* x,
                       const Real* y, const Real* dy, Real* dx);

}  // namespace chronicler::kernels
