#include "training/place.h"

#include <array>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

namespace chronicler {
namespace {

using Indices = std::array<std::int64_t, Shape::max_rank>;

Indices indices_of(const Shape& shape, std::int64_t index) {
  Indices indices{};
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    indices[static_cast<std::size_t>(axis)] = index % shape[axis];
    index /= shape[axis];
  }
  return indices;
}

std::string named(const Indices& indices, std::initializer_list<std::string_view> names) {
  std::string text;
  std::size_t axis = 0;
  for (const std::string_view name : names) {
    text += fmt::format("{}{} {}", axis == 0 ? "" : ", ", name, indices[axis]);
    ++axis;
  }
  return text;
}

std::string numbered(const Indices& indices, int rank) {
  std::string text;
  for (int axis = 0; axis < rank; ++axis) {
    text += fmt::format("{}{}", axis == 0 ? "" : ", ", indices[static_cast<std::size_t>(axis)]);
  }
  return fmt::format("index ({})", text);
}

}  // namespace

std::string place_in(const Shape& data, std::int64_t index) {
  const Indices indices = indices_of(data, index);
  if (data.rank() == 1) return named(indices, {"row"});
  if (data.rank() == 2) return named(indices, {"row", "column"});
  if (data.rank() == 3) return named(indices, {"row", "step", "feature"});
  return numbered(indices, data.rank());
}

std::string place_of_label(const Shape& labels, std::int64_t index) {
  const Indices indices = indices_of(labels, index);
  const bool column = labels.rank() > 1 && labels[-1] == 1;  // (N, 1) says no more than (N)
  const int rank = column ? labels.rank() - 1 : labels.rank();
  if (rank == 1) return named(indices, {"row"});
  if (rank == 2) return named(indices, {"row", "step"});
  return numbered(indices, rank);
}

}  // namespace chronicler
