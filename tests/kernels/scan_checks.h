// What the tests of the scans have in common: ways to cut a run, and comparisons of all that it
// gives.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "kernels/recurrence.h"
#include "support/conformance.h"
#include "support/recurrence_fixture.h"

namespace chronicler::test {

using kernels::Range;

inline constexpr std::array<std::int64_t, 12> scan_sizes{1,  7,  8,  9,  15, 16,
                                                         17, 31, 33, 64, 65, 100};

// How a run is cut: the steps into calls, the units into ranges.
struct Cuts {
  std::int64_t steps = 0;  // of a call; 0: all
  std::int64_t units = 0;  // of a range; 0: all
};

// function(range) for pieces of so many.
template <class Function>
void in_pieces(std::int64_t size, std::int64_t piece, const Function& function) {
  if (piece == 0) piece = size;
  for (std::int64_t begin = 0; begin < size; begin += piece)
    function(Range{begin, std::min(size, begin + piece)});
}
template <class Function>
void in_pieces_from_the_end(std::int64_t size, std::int64_t piece, const Function& function) {
  if (piece == 0) piece = size;
  for (std::int64_t end = size; end > 0; end -= piece)
    function(Range{std::max<std::int64_t>(0, end - piece), end});
}

template <class Real>
using Results = std::vector<Memory<Real>>;

template <class Function>
void on_every_isa(const Function& function) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    function();
  }
}

// Within `tolerance` of the largest number of each result.
inline void expect_close(const Results<float>& fast, const Results<double>& readable,
                         double tolerance) {
  ASSERT_EQ(fast.size(), readable.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    double largest = 1.0;
    double apart = 0.0;
    for (std::size_t k = 0; k < fast[i].size(); ++k) {
      if (std::isnan(readable[i][k]) && std::isnan(fast[i][k])) continue;  // padding
      largest = std::max(largest, std::abs(readable[i][k]));
      const double difference = std::abs(static_cast<double>(fast[i][k]) - readable[i][k]);
      apart = std::max(apart, std::isnan(difference) ? 1e300 : difference);
    }
    EXPECT_LE(apart, tolerance * largest) << "result " << i;
  }
}

template <class Real>
void expect_same_bits(const Results<Real>& a, const Results<Real>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(Real)), 0)
        << "result " << i;
}

template <class Problem>
void expect_gradient(Problem& problem, Memory<double>& numbers, const double* gradient) {
  constexpr double epsilon = 1e-6;
  double largest = 0.0;
  double apart = 0.0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double at = numbers[i];
    numbers[i] = at + epsilon;
    const double above = problem.loss();
    numbers[i] = at - epsilon;
    const double below = problem.loss();
    numbers[i] = at;
    const double expected = (above - below) / (2 * epsilon);
    largest = std::max(largest, std::abs(expected));
    apart = std::max(apart, std::abs(expected - gradient[i]));
  }
  EXPECT_LE(apart, 1e-6 * std::max(largest, 1e-2));
}

}  // namespace chronicler::test
