// A tensor as lines along some of its axes, for what is computed over all numbers of a line.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "chronicler/base/shape.h"

namespace chronicler {

// Some of a tensor's axes, from 0; on the stack.
class AxisSet {
 public:
  bool has(int axis) const { return (bits_ >> static_cast<unsigned>(axis) & 1U) != 0; }
  void add(int axis) { bits_ |= 1U << static_cast<unsigned>(axis); }
  // All others of a tensor of that rank.
  AxisSet others(int rank) const {
    AxisSet rest;
    for (int axis = 0; axis < rank; ++axis) {
      if (!has(axis)) rest.add(axis);
    }
    return rest;
  }

 private:
  unsigned bits_ = 0;
};

class Lines {
 public:
  // An extent of None counts as 1.
  Lines(const Shape& shape, const AxisSet& axes) {
    std::array<std::int64_t, Shape::max_rank> strides{};
    std::int64_t stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      strides[static_cast<std::size_t>(axis)] = stride;
      stride *= std::max<std::int64_t>(shape[axis], shape[axis] == None ? 1 : 0);
    }
    bool last = true;  // all axes so far, from the end, are along the lines
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const bool is_along = axes.has(axis);
      if (is_along && !last) side_by_side_ = false;
      last = last && is_along;
    }
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const bool is_along = axes.has(axis);
      const std::int64_t extent = shape[axis] == None ? 1 : shape[axis];
      (is_along ? along_ : across_).add(extent, strides[static_cast<std::size_t>(axis)]);
    }
  }

  std::int64_t count() const { return across_.size; }  // of lines
  std::int64_t length() const { return along_.size; }  // of a line
  // Whether the numbers of a line lie one after another, and the lines too.
  bool side_by_side() const { return side_by_side_; }
  // Where line i begins, and where its number k is from there.
  std::int64_t begin(std::int64_t i) const {
    return side_by_side_ ? i * along_.size : across_.place_of(i);
  }
  std::int64_t offset(std::int64_t k) const { return side_by_side_ ? k : along_.place_of(k); }

 private:
  struct Axes {
    std::array<std::int64_t, Shape::max_rank> extents{};
    std::array<std::int64_t, Shape::max_rank> strides{};
    std::size_t rank = 0;
    std::int64_t size = 1;

    void add(std::int64_t extent, std::int64_t stride) {
      extents[rank] = extent;
      strides[rank] = stride;
      ++rank;
      size *= extent;
    }
    std::int64_t place_of(std::int64_t i) const {
      std::int64_t place = 0;
      for (std::size_t axis = rank; axis-- > 0;) {
        place += i % extents[axis] * strides[axis];
        i /= extents[axis];
      }
      return place;
    }
  };

  Axes across_;
  Axes along_;
  bool side_by_side_ = true;
};

}  // namespace chronicler
