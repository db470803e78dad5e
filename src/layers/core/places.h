// Where the numbers of a tensor are in one of another shape.
#pragma once

#include <cstdint>

#include "chronicler/base/shape.h"

namespace chronicler {

// Where number i of the result is in an input whose missing front axes and extents of 1 are
// repeated.
inline std::int64_t place_in(const Shape& input, const Shape& result, std::int64_t i) {
  std::int64_t place = 0;
  std::int64_t stride = 1;
  const int missing = result.rank() - input.rank();
  for (int axis = result.rank() - 1; axis >= missing; --axis) {
    if (input[axis - missing] != 1) place += i % result[axis] * stride;
    stride *= input[axis - missing];
    i /= result[axis];
  }
  return place;
}

}  // namespace chronicler
