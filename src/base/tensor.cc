#include "chronicler/base/tensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "base/huge_pages.h"
#include "chronicler/base/error.h"

namespace chronicler {
namespace {

struct DTypeRow {
  std::string_view name;
  std::size_t size;
};
// In the order of the enumeration.
constexpr std::array<DTypeRow, 5> dtypes{{
    {"float32", sizeof(float)},
    {"float64", sizeof(double)},
    {"int32", sizeof(std::int32_t)},
    {"bool", sizeof(std::uint8_t)},
    {"string", sizeof(char)},
}};

const DTypeRow& row_of(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)]; }

// Calls `function` with a value of the element type that `dtype` stands for.
template <class Function>
void with_element(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::float32:
      return function(float{});
    case DType::float64:
      return function(double{});
    case DType::int32:
      return function(std::int32_t{});
    case DType::boolean:
      return function(std::uint8_t{});
    case DType::text:
      return function(char{});
  }
}

// 64-byte aligned and zero. calloc gives large blocks as untouched pages, which cost nothing until
// they are written.
std::shared_ptr<void> zeroed_storage(std::size_t bytes) {
  constexpr std::size_t alignment = 64;
  std::shared_ptr<void> block(std::calloc(bytes + alignment, 1), std::free);
  if (!block) return nullptr;
  prefer_huge_pages(block.get(), bytes);
  void* aligned = block.get();
  std::size_t space = bytes + alignment;
  std::align(alignment, std::max<std::size_t>(bytes, 1), aligned, space);
  return {block, aligned};
}

template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, std::uint8_t>) {
    return value != From{} ? 1 : 0;
  } else if constexpr (std::is_same_v<To, std::int32_t> && std::is_floating_point_v<From>) {
    const double whole = std::trunc(static_cast<double>(value));
    if (!(whole >= std::numeric_limits<std::int32_t>::min() &&
          whole <= std::numeric_limits<std::int32_t>::max())) {
      throw Error(fmt::format("{} cannot be converted to int32", value),
                  "int32 holds whole numbers from -2147483648 to 2147483647");
    }
    return static_cast<std::int32_t>(whole);
  } else {
    return static_cast<To>(value);
  }
}

void check_same_size(const Shape& from, const Shape& to) {
  if (from.elements() != to.elements()) {
    throw Error(fmt::format("{} elements of shape {} cannot take shape {}, which has {}",
                            from.elements(), from.to_string(), to.to_string(), to.elements()));
  }
}

Shape shape_of_rows(const Shape& shape, std::int64_t begin, std::int64_t end) {
  if (shape.rank() == 0) throw Error("a tensor of shape () has no rows");
  if (begin < 0 || end < begin || end > shape[0]) {
    throw Error(fmt::format("rows {} to {} are outside a tensor of shape {}", begin, end,
                            shape.to_string()),
                fmt::format("it has {} rows", shape[0]));
  }
  Shape part = shape;
  part.set(0, end - begin);
  return part;
}

std::byte* offset_by(void* data, std::int64_t elements, DType dtype) {
  return static_cast<std::byte*>(data) + static_cast<std::size_t>(elements) * size_of(dtype);
}

}  // namespace

std::size_t size_of(DType dtype) { return row_of(dtype).size; }

std::string_view name_of(DType dtype) { return row_of(dtype).name; }

DType dtype_from_name(std::string_view name) {
  std::array<std::string_view, dtypes.size()> names;
  for (std::size_t i = 0; i < dtypes.size(); ++i) {
    if (name == dtypes[i].name) return static_cast<DType>(i);
    names[i] = dtypes[i].name;
  }
  unknown_name("dtype", name, names);
}

void detail::wrong_element_type(DType asked, DType held) {
  throw Error(fmt::format("a tensor of {} was read as {}", name_of(held), name_of(asked)),
              fmt::format("convert it to {} first", name_of(asked)));
}

// ---- views

TensorView TensorView::reshaped(const Shape& shape) const {
  check_same_size(shape_, shape);
  return {data_, dtype_, shape};
}

TensorView TensorView::rows(std::int64_t begin, std::int64_t end) const {
  const Shape part = shape_of_rows(shape_, begin, end);
  return {offset_by(data_, begin * shape_.without_front().elements(), dtype_), dtype_, part};
}

// ---- tensors

Tensor::Tensor(const Shape& shape, DType dtype) {
  std::size_t bytes = 0;
  constexpr std::size_t most = std::size_t{1} << 44U;  // no machine has more
  if (!__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &bytes) &&
      bytes <= most) {
    storage_ = zeroed_storage(bytes);
  }
  if (!storage_) {
    throw Error(fmt::format("there is no memory for a {} tensor of shape {}", name_of(dtype),
                            shape.to_string()),
                "use smaller batches, fewer units or shorter sequences");
  }
  view_ = TensorView(storage_.get(), dtype, shape);
}

template <class Element>
Tensor Tensor::of(const Shape& shape, std::span<const Element> values) {
  if (static_cast<std::size_t>(shape.elements()) != values.size()) {
    throw Error(fmt::format("shape {} needs {} values, got {}", shape.to_string(), shape.elements(),
                            values.size()));
  }
  Tensor tensor(shape, dtype_of<Element>);
  std::copy(values.begin(), values.end(), tensor.as<Element>());
  return tensor;
}

template Tensor Tensor::of(const Shape&, std::span<const float>);
template Tensor Tensor::of(const Shape&, std::span<const double>);
template Tensor Tensor::of(const Shape&, std::span<const std::int32_t>);
template Tensor Tensor::of(const Shape&, std::span<const std::uint8_t>);

Tensor::Tensor(const Shape& shape, const std::vector<float>& values)
    : Tensor(of<float>(shape, values)) {}
Tensor::Tensor(const Shape& shape, const std::vector<double>& values)
    : Tensor(of<double>(shape, values)) {}
Tensor::Tensor(const Shape& shape, const std::vector<std::int32_t>& values)
    : Tensor(of<std::int32_t>(shape, values)) {}

Tensor Tensor::around(std::shared_ptr<void> owner, const TensorView& view) {
  Tensor tensor;
  tensor.storage_ = std::move(owner);
  tensor.view_ = view;
  return tensor;
}

Tensor Tensor::clone() const { return own(view_); }

Tensor Tensor::to(DType dtype) const {
  if (!*this || dtype == this->dtype()) return *this;
  if (dtype == DType::text || this->dtype() == DType::text) {
    throw Error(fmt::format("{} cannot be converted to {}", name_of(this->dtype()), name_of(dtype)),
                "a TextVectorization layer makes ids of texts");
  }
  Tensor result(shape(), dtype);
  with_element(this->dtype(), [&](auto from) {
    with_element(dtype, [&](auto to) {
      const auto source = span<decltype(from)>();
      std::transform(source.begin(), source.end(), result.as<decltype(to)>(),
                     [](auto value) { return converted<decltype(to)>(value); });
    });
  });
  return result;
}

Tensor Tensor::part(std::int64_t offset, const Shape& shape) const {
  const std::int64_t count = shape.elements();
  if (offset < 0 || offset > size() || count > size() - offset) {
    throw Error(fmt::format("a part of shape {} at element {} is outside a tensor of shape {}",
                            shape.to_string(), offset, this->shape().to_string()));
  }
  Tensor result;
  result.storage_ = storage_;
  result.view_ = TensorView(offset_by(view_.raw(), offset, dtype()), dtype(), shape);
  return result;
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  Tensor result;
  result.view_ = view_.rows(begin, end);
  result.storage_ = storage_;
  return result;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  Tensor result;
  result.view_ = view_.reshaped(shape);
  result.storage_ = storage_;
  return result;
}

void Tensor::fill(double value) {
  with_element(dtype(), [&](auto element) {
    using Element = decltype(element);
    const auto elements = span<Element>();
    std::fill(elements.begin(), elements.end(), converted<Element>(value));
  });
}

// ---- free functions

void copy(TensorView from, TensorView to) {
  if (from.size() != to.size() || from.dtype() != to.dtype()) {
    throw Error(fmt::format("a {} tensor of shape {} cannot be copied into a {} one of shape {}",
                            name_of(from.dtype()), from.shape().to_string(), name_of(to.dtype()),
                            to.shape().to_string()));
  }
  if (from.size() > 0) std::memmove(to.raw(), from.raw(), from.bytes());
}

Tensor own(TensorView view) {
  if (!view) return {};
  Tensor result(view.shape(), view.dtype());
  copy(view, result.view());
  return result;
}

}  // namespace chronicler
