#include "chronicler/base/number_array.h"

#include <cstddef>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/fields.h"

namespace chronicler {
namespace {

std::string list_text(const Shape& shape, const double*& next) {
  if (shape.rank() == 0) return field_text(*next++);
  std::string text;
  for (std::int64_t i = 0; i < shape[0]; ++i)
    text += (i == 0 ? "" : ", ") + list_text(shape.without_front(), next);
  return fmt::format("[{}]", text);
}

}  // namespace

NumberArray NumberArray::of(const Shape& shape, std::vector<double> values) {
  if (static_cast<std::size_t>(shape.elements()) != values.size()) {
    throw Error(fmt::format("shape {} needs {} numbers, got {}", shape.to_string(),
                            shape.elements(), values.size()));
  }
  NumberArray numbers(std::move(values));
  numbers.shape_ = shape;
  return numbers;
}

std::string field_text(const NumberArray& value) {
  if (!value) return "none";
  const double* next = value.values().data();
  return list_text(value.shape(), next);
}

}  // namespace chronicler
