#include "layers/options/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "chronicler/base/runtime.h"
#include "kernels/projection.h"
#include "layers/core/sums.h"

namespace chronicler {
namespace {

double norm(std::int64_t length, const double* vector) {
  return std::sqrt(dot(length, vector, vector));
}

}  // namespace

void orthonormalize(std::int64_t count, std::int64_t length, double* vectors) {
  // A vector that lost this much to those before it has lost digits as well, and is treated twice,
  // which is enough (Kahan; Parlett: The Symmetric Eigenvalue Problem, 6.9).
  constexpr double much = 0.5;
  // Panels stay in the cache while the vectors after them pass by.
  constexpr std::int64_t panel = 16;
  const auto vector = [&](std::int64_t index) { return vectors + index * length; };

  std::vector<double> lengths(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    lengths[static_cast<std::size_t>(k)] = norm(length, vector(k));
  }
  for (std::int64_t begin = 0; begin < count; begin += panel) {
    const std::int64_t end = std::min(begin + panel, count);
    for (std::int64_t k = begin; k < end; ++k) {
      kernels::take_away_parts(k - begin, length, vector(begin), vector(k));
      if (norm(length, vector(k)) < much * lengths[static_cast<std::size_t>(k)]) {
        kernels::take_away_parts(k, length, vectors, vector(k));
      }
      const double left = norm(length, vector(k));
      std::for_each(vector(k), vector(k) + length, [&](double& element) { element /= left; });
    }
    Runtime::global().parallel(count - end, [&](std::int64_t index) {
      kernels::take_away_parts(end - begin, length, vector(begin), vector(end + index));
    });
  }
}

}  // namespace chronicler
