#include "kernels/dropout.h"

#include <algorithm>
#include <array>

namespace chronicler::kernels {

// Through the float factors: what is dropped does not depend on the type.
void dropout_factors(const Random& random, std::uint64_t stream, std::uint64_t first, double rate,
                     std::span<double> factors) {
  const double keep = 1.0 / (1.0 - rate);
  std::array<float, 256> piece{};
  for (std::size_t begin = 0; begin < factors.size(); begin += piece.size()) {
    const std::size_t count = std::min(piece.size(), factors.size() - begin);
    dropout_factors(random, stream, first + begin, rate, std::span(piece.data(), count));
    for (std::size_t i = 0; i < count; ++i) factors[begin + i] = piece[i] == 0.0F ? 0.0 : keep;
  }
}

void apply_dropout(std::span<const double> factors, const double* from, double* to) {
  std::transform(factors.begin(), factors.end(), from, to, [](double factor, double number) {
    return factor == 0.0 ? 0.0 : factor * number;
  });
}

}  // namespace chronicler::kernels
