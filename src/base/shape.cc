#include "chronicler/base/shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

std::int64_t checked(std::int64_t extent) {
  if (extent < None) {
    throw Error(fmt::format("a shape cannot have an extent of {}", extent),
                "use None for an extent that is not known yet");
  }
  return extent;
}

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims) {
  for (const std::int64_t extent : dims) append(extent);
}

int Shape::resolve(int axis) const {
  const int resolved = axis < 0 ? axis + rank_ : axis;
  if (resolved < 0 || resolved >= rank_) {
    throw Error(
        fmt::format("shape {} has no axis {}", to_string(), axis),
        rank_ == 0 ? std::string() : fmt::format("axes go from {} to {}", -rank_, rank_ - 1));
  }
  return resolved;
}

std::int64_t Shape::operator[](int axis) const {
  return dims_[static_cast<std::size_t>(resolve(axis))];
}

void Shape::set(int axis, std::int64_t extent) {
  dims_[static_cast<std::size_t>(resolve(axis))] = checked(extent);
}

void Shape::append(std::int64_t extent) {
  if (rank_ == max_rank) {
    throw Error(fmt::format("shape {} cannot get another extent of {}", to_string(), extent),
                fmt::format("a tensor has at most {} axes", max_rank));
  }
  dims_[static_cast<std::size_t>(rank_)] = checked(extent);
  ++rank_;
}

std::int64_t Shape::elements() const {
  if (!is_known()) {
    throw Error(fmt::format("the number of elements of shape {} is not known", to_string()),
                "put a number in place of None");
  }
  if (std::find(begin(), end(), 0) != end()) return 0;
  std::int64_t product = 1;
  for (const std::int64_t extent : *this) {
    if (__builtin_mul_overflow(product, extent, &product)) {
      throw Error(
          fmt::format("shape {} has more elements than a 64-bit number can count", to_string()));
    }
  }
  return product;
}

bool Shape::is_known() const { return std::find(begin(), end(), None) == end(); }

Shape Shape::with_front(std::int64_t extent) const {
  Shape longer{extent};
  for (const std::int64_t own : *this) longer.append(own);
  return longer;
}

Shape Shape::without_front() const {
  resolve(0);  // there must be one
  Shape shorter;
  for (const std::int64_t* own = begin() + 1; own != end(); ++own) shorter.append(*own);
  return shorter;
}

bool Shape::fits(const Shape& other) const {
  return std::equal(begin(), end(), other.begin(), other.end(), [](std::int64_t a, std::int64_t b) {
    return a == b || a == None || b == None;
  });
}

bool operator==(const Shape& a, const Shape& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string Shape::to_string() const {
  std::string text = "(";
  for (const std::int64_t* extent = begin(); extent != end(); ++extent) {
    if (extent != begin()) text += ", ";
    text += *extent == None ? std::string("None") : fmt::to_string(*extent);
  }
  if (rank_ == 1) text += ",";
  return text + ")";
}

}  // namespace chronicler
