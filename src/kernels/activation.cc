#include "kernels/activation.h"

#include <algorithm>
#include <array>

#include "kernels/reference/activation.h"

namespace chronicler::kernels {
namespace {

constexpr std::size_t activation_count = static_cast<std::size_t>(Activation::sparsemax) + 1;

// In the order of the enumeration.
constexpr std::array<std::string_view, activation_count> names{
    "linear",         "relu",        "leaky_relu",  "relu6",        "elu",
    "selu",           "celu",        "softplus",    "softsign",     "silu",
    "gelu",           "tanh",        "sigmoid",     "hard_sigmoid", "hard_sigmoid_keras2",
    "hard_silu",      "hard_tanh",   "exponential", "mish",         "log_sigmoid",
    "squareplus",     "tanh_shrink", "soft_shrink", "hard_shrink",  "sparse_plus",
    "sparse_sigmoid", "softmax",     "log_softmax", "sparsemax",
};

struct Alias {
  std::string_view name;
  Activation activation;
};

constexpr std::array<Alias, 3> aliases{{
    {"swish", Activation::silu},
    {"hard_swish", Activation::hard_silu},
    {"exp", Activation::exponential},
}};

}  // namespace

std::span<const std::string_view> activation_names() { return names; }

std::string_view name_of(Activation activation) {
  return names[static_cast<std::size_t>(activation)];
}

std::optional<Activation> activation_from_name(std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<Activation>(found - names.begin());
  for (const Alias& alias : aliases) {
    if (alias.name == name) return alias.activation;
  }
  return std::nullopt;
}

bool needs_input(Activation activation) {
  switch (activation) {
    case Activation::silu:  // not monotonic: two inputs share an output
    case Activation::gelu:
    case Activation::hard_silu:
    case Activation::mish:
    case Activation::tanh_shrink:  // monotonic, but its inverse has no formula
      return true;
    default:
      return false;
  }
}

bool is_rowwise(Activation activation) {
  return activation == Activation::softmax || activation == Activation::log_softmax ||
         activation == Activation::sparsemax;
}

template <>
void activate<double>(Activation activation, std::int64_t rows, std::int64_t length,
                      const double* x, double* y) {
  reference::activate(activation, rows, length, x, y);
}

template <>
void activate_backward<double>(Activation activation, std::int64_t rows, std::int64_t length,
                               const double* x, const double* y, const double* dy, double* dx) {
  reference::activate_backward(activation, rows, length, x, y, dy, dx);
}

}  // namespace chronicler::kernels
