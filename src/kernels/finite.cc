#include "kernels/finite.h"

#include <bit>
#include <cstdint>
#include <type_traits>

namespace chronicler::kernels {
namespace {

// Whether all bits of an exponent are set somewhere: on whole numbers, which the compiler takes
// several at a time.
template <class Real>
bool no_full_exponent(std::span<const Real> numbers) {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits exponent =
      sizeof(Real) == 4 ? Bits{0x7F800000U} : static_cast<Bits>(0x7FF0000000000000ULL);
  Bits found = 0;
  for (const Real number : numbers) {
    found |= static_cast<Bits>((std::bit_cast<Bits>(number) & exponent) == exponent ? 1 : 0);
  }
  return found == 0;
}

}  // namespace

bool all_finite(std::span<const float> numbers) { return no_full_exponent(numbers); }
bool all_finite(std::span<const double> numbers) { return no_full_exponent(numbers); }

}  // namespace chronicler::kernels
