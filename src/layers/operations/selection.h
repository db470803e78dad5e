// Some of the numbers of a tensor, in an order of their own.
#pragma once

#include <array>
#include <cstdint>

#include "chronicler/base/shape.h"

namespace chronicler {

// Elements of a tensor by strides: element (i, j, ...) of the result is the one at
// base + i * strides[0] + j * strides[1] + ...
struct Selection {
  Shape shape;
  std::int64_t base = 0;
  std::array<std::int64_t, Shape::max_rank> strides{};

  std::int64_t place_of(std::int64_t i) const {
    std::int64_t place = base;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      place += i % shape[axis] * strides[static_cast<std::size_t>(axis)];
      i /= shape[axis];
    }
    return place;
  }
  void append(std::int64_t extent, std::int64_t stride) {
    shape.append(extent);
    strides[static_cast<std::size_t>(shape.rank() - 1)] = stride;
  }
};

using Strides = std::array<std::int64_t, Shape::max_rank>;
inline Strides strides_of(const Shape& x) {
  Strides strides{};
  std::int64_t stride = 1;
  for (int axis = x.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= x[axis] == None ? 1 : x[axis];
  }
  return strides;
}

}  // namespace chronicler
