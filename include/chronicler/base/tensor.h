// Tensors: row-major numbers with shared ownership, and views that borrow them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/shape.h"

namespace chronicler {

// float32 for values, float64 for verification (Keras's "float64" policy), int32 for ids, boolean
// for masks (one byte an element, 0 or 1), text for the bytes of texts (base/texts.h).
enum class DType : std::uint8_t { float32, float64, int32, boolean, text };

std::size_t size_of(DType dtype);
std::string_view name_of(DType dtype);         // Keras's: "float32", ..., "string"
DType dtype_from_name(std::string_view name);  // throws Error with the nearest names

template <class Element>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<char> {
  static constexpr DType value = DType::text;
};
template <class Element>
inline constexpr DType dtype_of = DTypeOf<Element>::value;

namespace detail {
[[noreturn]] void wrong_element_type(DType asked, DType held);
}

// Borrowed contiguous row-major elements. Copying a view copies no element; it is valid as long as
// what it borrows. A default-constructed view is empty and converts to false.
class TensorView {
 public:
  TensorView() = default;
  TensorView(void* data, DType dtype, const Shape& shape)
      : data_(data), shape_(shape), dtype_(dtype) {}

  explicit operator bool() const { return data_ != nullptr; }
  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  std::int64_t size() const { return data_ == nullptr ? 0 : shape_.elements(); }
  std::size_t bytes() const { return static_cast<std::size_t>(size()) * size_of(dtype_); }
  void* raw() const { return data_; }

  // The elements; throws Error if `Element` is not the element type.
  template <class Element>
  Element* as() const {
    if (dtype_of<Element> != dtype_) detail::wrong_element_type(dtype_of<Element>, dtype_);
    return static_cast<Element*>(data_);
  }
  template <class Element>
  std::span<Element> span() const {
    return {as<Element>(), static_cast<std::size_t>(size())};
  }

  // The same elements under another shape of equal size.
  TensorView reshaped(const Shape& shape) const;
  // Rows [begin, end) of the first axis.
  TensorView rows(std::int64_t begin, std::int64_t end) const;

 private:
  void* data_ = nullptr;
  Shape shape_;
  DType dtype_ = DType::float32;
};

// Owned elements, 64-byte aligned. Copies share the elements (as NumPy arrays do); clone() does
// not.
class Tensor {
 public:
  Tensor() = default;
  // Zero-filled.
  explicit Tensor(const Shape& shape, DType dtype = DType::float32);
  // Throws Error if the number of values is not the shape's.
  Tensor(const Shape& shape, const std::vector<float>& values);
  Tensor(const Shape& shape, const std::vector<double>& values);
  Tensor(const Shape& shape, const std::vector<std::int32_t>& values);

  template <class Element>
  static Tensor of(const Shape& shape, std::span<const Element> values);
  // What `view` borrows, which `owner` keeps alive: memory of somebody else's, an array of NumPy's.
  static Tensor around(std::shared_ptr<void> owner, const TensorView& view);

  explicit operator bool() const { return static_cast<bool>(view_); }
  const Shape& shape() const { return view_.shape(); }
  DType dtype() const { return view_.dtype(); }
  std::int64_t size() const { return view_.size(); }
  std::size_t bytes() const { return view_.bytes(); }
  TensorView view() const { return view_; }
  // A tensor may stand wherever a view is asked for. NOLINTNEXTLINE(google-explicit-constructor)
  operator TensorView() const { return view_; }

  template <class Element>
  Element* as() const {
    return view_.as<Element>();
  }
  template <class Element>
  std::span<Element> span() const {
    return view_.span<Element>();
  }

  Tensor clone() const;
  // Same elements converted to `dtype`; shares them if the type is the same already.
  Tensor to(DType dtype) const;
  // Part of this tensor's storage, `offset` elements in, sharing ownership.
  Tensor part(std::int64_t offset, const Shape& shape) const;
  Tensor rows(std::int64_t begin, std::int64_t end) const;
  Tensor reshaped(const Shape& shape) const;
  void fill(double value);

 private:
  std::shared_ptr<void> storage_;
  TensorView view_;
};

// One tensor or several: what models with one input or with several take. An empty tensor is none.
class TensorList {
 public:
  // NOLINTBEGIN(google-explicit-constructor)
  TensorList() = default;
  TensorList(const Tensor& tensor) {
    if (tensor) list_.push_back(tensor);
  }
  TensorList(std::initializer_list<Tensor> tensors) : list_(tensors) {}
  TensorList(std::vector<Tensor> tensors) : list_(std::move(tensors)) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return !list_.empty(); }
  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  const Tensor& operator[](std::size_t index) const { return list_[index]; }
  Tensor& operator[](std::size_t index) { return list_[index]; }
  const Tensor& front() const { return list_.front(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  auto begin() { return list_.begin(); }
  auto end() { return list_.end(); }

 private:
  std::vector<Tensor> list_;
};

// Copies elements between views of equal shape size and element type. Throws Error otherwise.
void copy(TensorView from, TensorView to);
// An owned copy of what `view` borrows.
Tensor own(TensorView view);

}  // namespace chronicler
