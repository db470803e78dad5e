// What the tests of golden vectors share: Keras's numbers, and the weights that they are of.
#pragma once

#include <string>
#include <vector>

#include "kernels/isa.h"
#include "support/conformance.h"

namespace chronicler::test {

// Expected numbers for a tensor, trailing axes left out where the number is the same along them:
// (2, 4, 3) may be given by 24 numbers, by 8 or by 2.
using Expected = std::vector<double>;
Tensor spread(const Expected& expected, const Shape& shape, DType dtype);

// Weights that floats hold exactly: variable k has (((7 j + 3 k + 1) mod 11) - 5) / 16 at its flat
// index j.
void fill_rational(Parameter& parameter, std::size_t k);
// Its input, (2, 4, 3): (((5 j + 2) mod 13) - 6) / 8.
Tensor rational_input(DType dtype);
Tensor rational_input(const Shape& shape, DType dtype);

// Runs `check` in float64 and, on every instruction set, in float32.
template <class Function>
void for_each_arithmetic(const Function& check) {
  {
    SCOPED_TRACE("float64");
    check(DType::float64);
  }
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE("float32, " + isa);
    const IsaForNow guard(isa);
    check(DType::float32);
  }
}

}  // namespace chronicler::test
