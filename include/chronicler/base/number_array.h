// A number, a list of numbers, or lists in lists of equal lengths: what options take of which
// Keras's are scalars or arrays. Or nothing.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "chronicler/base/shape.h"

namespace chronicler {

class NumberArray {
 public:
  NumberArray() = default;    // nothing
  NumberArray(double number)  // NOLINT(google-explicit-constructor)
      : is_there_(true), values_{number} {}
  NumberArray(std::initializer_list<double> list) : NumberArray(std::vector<double>(list)) {}
  NumberArray(std::vector<double> list)  // NOLINT(google-explicit-constructor)
      : is_there_(true), shape_{static_cast<std::int64_t>(list.size())}, values_(std::move(list)) {}
  // Lists in lists, row by row: of shape {2, 3}, six numbers. Throws Error if they are not as many.
  static NumberArray of(const Shape& shape, std::vector<double> values);

  explicit operator bool() const { return is_there_; }
  const Shape& shape() const { return shape_; }  // of rank 0 for one number
  const std::vector<double>& values() const { return values_; }
  friend bool operator==(const NumberArray& a, const NumberArray& b) {
    return a.is_there_ == b.is_there_ && a.shape_ == b.shape_ && a.values_ == b.values_;
  }

 private:
  bool is_there_ = false;
  Shape shape_;
  std::vector<double> values_;
};

// "2", "[1, 2]", "[[1, 2], [3, 4]]"; "none" for nothing.
std::string field_text(const NumberArray& value);

}  // namespace chronicler
