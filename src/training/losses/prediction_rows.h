// Predictions as rows of scores, and the targets beside them: what losses and metrics share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chronicler/base/runtime.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

// Predictions of shape (..., width): `count` rows. Predictions (B,) are B rows of one.
struct PredictionRows {
  explicit PredictionRows(const Shape& y_pred)
      : width(y_pred.rank() < 2 ? 1 : y_pred[-1]),
        count(width == 0 ? 0 : y_pred.elements() / width) {}
  PredictionRows(std::int64_t row_count, std::int64_t row_width)
      : width(row_width), count(row_count) {}

  std::int64_t width;
  std::int64_t count;
};

// One value for each row: (..., width) without its last extent; (B,) stays (B,).
inline Shape shape_of_rows(const Shape& y_pred) {
  if (y_pred.rank() < 2) return y_pred;
  Shape shape;
  for (int axis = 0; axis + 1 < y_pred.rank(); ++axis) shape.append(y_pred[axis]);
  return shape;
}

// Calls function(begin, end) for pieces of the rows, on several threads if there is enough to do.
// The pieces depend on the shape only.
template <class Function>
void for_rows(const PredictionRows& rows, const Function& function) {
  constexpr std::int64_t elements_of_piece = 1 << 14;
  const std::int64_t piece =
      std::max<std::int64_t>(1, elements_of_piece / std::max<std::int64_t>(1, rows.width));
  Runtime::global().parallel((rows.count + piece - 1) / piece, [&](std::int64_t index) {
    function(index * piece, std::min(rows.count, (index + 1) * piece));
  });
}

// Calls function(Target{}) with the type of the targets' elements: float, double, int32 or, for
// truth values, a byte of 0 or 1.
template <class Function>
decltype(auto) with_target(DType dtype, const Function& function) {
  if (dtype == DType::float32) return function(float{});
  if (dtype == DType::float64) return function(double{});
  return dtype == DType::int32 ? function(std::int32_t{}) : function(std::uint8_t{});
}

}  // namespace chronicler
