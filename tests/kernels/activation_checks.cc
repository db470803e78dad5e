#include "kernels/activation_checks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/activation.h"
#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using kernels::Activation;

constexpr std::uint64_t infinity_bits = 0x7f800000U;
constexpr std::uint64_t sign_bit = 0x80000000U;
constexpr std::int64_t block = 8192;

// The distance from a float to the next, at x.
double unit_in_last_place(double x) {
  const int exponent = std::max(std::ilogb(std::max(std::abs(x), 0x1p-126)), -126);
  return std::ldexp(1.0, exponent - 23);
}

// As std::tanh, and quicker where a short form is exact to a hundredth of a unit in the last place.
double exact_tanh(double x) {
  if (x < 1e-4) return x - x * x * x / 3;
  if (x > 12.0) return 1.0;
  return std::tanh(x);
}

double exact_sigmoid(double x) {
  if (x > 20.0) return 1.0;
  if (x < -110.0) return 0.0;
  if (std::abs(x) < 1e-10) return 0.5;
  return 1 / (1 + std::exp(-x));
}

bool is_near(float got, double expected, double units) {
  const double error = std::abs(static_cast<double>(got) - expected);
  return error <= 2e-7 || error <= units * unit_in_last_place(expected);
}

struct Block {
  std::vector<float> x;
  std::vector<float> y;
};

// Every stride-th float from 0, or -0, to infinity. `look` gets them block by block.
template <class Look>
void for_floats(std::uint32_t stride, std::uint64_t sign, Activation activation, Look look) {
  Block floats;
  std::uint64_t bits = 0;
  while (bits <= infinity_bits) {
    floats.x.clear();
    for (std::int64_t i = 0; i < block && bits <= infinity_bits; ++i, bits += stride) {
      floats.x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits | sign)));
    }
    floats.y.resize(floats.x.size());
    kernels::activate(activation, 1, static_cast<std::int64_t>(floats.x.size()), floats.x.data(),
                      floats.y.data());
    if (!look(floats)) return;
  }
}

bool tanh_block_is_right(const Block& floats) {
  std::vector<float> minus_x(floats.x.size());
  std::vector<float> minus_y(floats.x.size());
  std::transform(floats.x.begin(), floats.x.end(), minus_x.begin(), [](float x) { return -x; });
  kernels::activate(Activation::tanh, 1, static_cast<std::int64_t>(minus_x.size()), minus_x.data(),
                    minus_y.data());
  for (std::size_t i = 0; i < floats.x.size(); ++i) {
    const double expected = exact_tanh(static_cast<double>(floats.x[i]));
    const float y = floats.y[i];
    const bool odd = std::bit_cast<std::uint32_t>(-minus_y[i]) == std::bit_cast<std::uint32_t>(y);
    if (odd && y >= 0 && y <= 1 && is_near(y, expected, 3.0)) continue;
    ADD_FAILURE() << fmt::format("tanh({}) is {}, tanh({}) is {}; it should be {}", floats.x[i], y,
                                 minus_x[i], minus_y[i], expected);
    return false;
  }
  return true;
}

bool sigmoid_block_is_right(const Block& floats) {
  for (std::size_t i = 0; i < floats.x.size(); ++i) {
    const double expected = exact_sigmoid(static_cast<double>(floats.x[i]));
    const float y = floats.y[i];
    if (y >= 0 && y <= 1 && is_near(y, expected, 3.0)) continue;
    ADD_FAILURE() << fmt::format("sigmoid({}) is {} instead of {}", floats.x[i], y, expected);
    return false;
  }
  return true;
}

// The baseline computes number by number: for it, fewer of them.
std::uint32_t stride_for(const std::string& isa, std::uint32_t stride) {
  return isa == "baseline" ? std::max<std::uint32_t>(stride, 257) : stride;
}

}  // namespace

void check_tanh(std::uint32_t stride) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for_floats(stride_for(isa, stride), 0, Activation::tanh, tanh_block_is_right);
  }
}

void check_sigmoid(std::uint32_t stride) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::uint64_t sign : {std::uint64_t{0}, sign_bit}) {
      for_floats(stride_for(isa, stride), sign, Activation::sigmoid, sigmoid_block_is_right);
    }
  }
}

}  // namespace chronicler::test
