// The extents of a tensor, small enough to live on the stack.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

namespace chronicler {

// An extent that is not known until data arrives: the batch size, usually, or the number of steps.
inline constexpr std::int64_t None = -1;

// At most eight extents, outermost first. A Shape never allocates, so it may be used inside a step.
class Shape {
 public:
  static constexpr int max_rank = 8;

  Shape() = default;
  // Throws Error for more than eight extents or an extent below -1 (None).
  Shape(std::initializer_list<std::int64_t> dims);

  int rank() const { return rank_; }
  // Extent of axis `axis`; a negative axis counts from the end. Throws Error outside the rank.
  std::int64_t operator[](int axis) const;
  void set(int axis, std::int64_t extent);
  void append(std::int64_t extent);

  const std::int64_t* begin() const { return dims_.data(); }
  const std::int64_t* end() const { return dims_.data() + rank_; }

  // Number of elements; throws Error if an extent is None or the product overflows.
  std::int64_t elements() const;
  bool is_known() const;  // no extent is None

  // This shape with `extent` put in front, or without its first extent.
  Shape with_front(std::int64_t extent) const;
  Shape without_front() const;

  // Equal where both are known: (None, 4) fits (32, 4).
  bool fits(const Shape& other) const;

  friend bool operator==(const Shape& a, const Shape& b);

  // As Keras prints it: (None, 10, 64); one extent is (64,).
  std::string to_string() const;

 private:
  int resolve(int axis) const;

  std::array<std::int64_t, max_rank> dims_{};
  int rank_ = 0;
};

// A shape that may be left open, as options write it: {None, 100}, Shape{8, 1}, or {} for open.
class OptionalShape : public std::optional<Shape> {
 public:
  using std::optional<Shape>::optional;
  OptionalShape(std::initializer_list<std::int64_t> dims) : optional(Shape(dims)) {}
};

}  // namespace chronicler
