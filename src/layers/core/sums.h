// Sums in double, or what is asked for, always in the same order, over lanes that do not wait for
// one another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chronicler {

// term(0) + ... + term(count - 1), where term(index) is a Real.
template <class Real = double, class Term>
Real sum_of(std::int64_t count, const Term& term) {
  constexpr std::int64_t lanes = 64 / sizeof(Real);
  std::array<Real, lanes> sums{};
  std::int64_t begin = 0;
  for (; begin + lanes <= count; begin += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      sums[static_cast<std::size_t>(lane)] += term(begin + lane);
    }
  }
  Real sum = 0;
  for (; begin < count; ++begin) sum += term(begin);
  for (const Real lane : sums) sum += lane;
  return sum;
}

inline double dot(std::int64_t count, const double* a, const double* b) {
  return sum_of(count, [&](std::int64_t i) { return a[i] * b[i]; });
}

}  // namespace chronicler
