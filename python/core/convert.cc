#include "convert.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <limits>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "chronicler/base/texts.h"
#include "interpreter_lock.h"

namespace chronicler::python {
namespace {

DType dtype_of_array(const nb::dlpack::dtype& dtype) {
  using Code = nb::dlpack::dtype_code;
  const auto code = static_cast<Code>(dtype.code);
  if (dtype.lanes == 1) {
    if (code == Code::Float && dtype.bits == 32) return DType::float32;
    if (code == Code::Float && dtype.bits == 64) return DType::float64;
    if (code == Code::Int && dtype.bits == 32) return DType::int32;
    if (code == Code::Bool && dtype.bits == 8) return DType::boolean;
  }
  throw nb::type_error("expected an array of float32, float64, int32 or bool");
}

nb::dlpack::dtype array_dtype(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return nb::dtype<float>();
    case DType::float64:
      return nb::dtype<double>();
    case DType::int32:
      return nb::dtype<std::int32_t>();
    case DType::boolean:
      return nb::dtype<bool>();
    case DType::text:
      break;
  }
  return nb::dtype<std::uint8_t>();
}

// Keeps a Python object alive from C++, and lets it go with the interpreter's lock held.
std::shared_ptr<void> owner_of(nb::handle object) {
  object.inc_ref();
  return {object.ptr(), [](void* held) {
            if (!nb::is_alive()) return;  // the interpreter has ended
            const Locked lock;
            nb::handle(static_cast<PyObject*>(held)).dec_ref();
          }};
}

Tensor texts_of(nb::handle list) {
  std::vector<std::string> texts;
  for (const nb::handle text : list) texts.push_back(nb::cast<std::string>(text));
  return text_tensor(texts);
}

}  // namespace

Tensor to_tensor(nb::handle array) {
  if (nb::isinstance<nb::list>(array)) return texts_of(array);
  nb::ndarray<nb::ro> borrowed;
  if (!nb::try_cast(array, borrowed)) throw nb::type_error("expected an array in the CPU's memory");
  const DType dtype = dtype_of_array(borrowed.dtype());
  Shape shape;
  std::int64_t stride = 1;
  if (borrowed.ndim() > static_cast<std::size_t>(Shape::max_rank)) {
    throw Error(fmt::format("an array has {} axes; {} are the most", borrowed.ndim(),
                            static_cast<int>(Shape::max_rank)));
  }
  for (std::size_t i = borrowed.ndim(); i-- > 0;) {
    const auto extent = static_cast<std::int64_t>(borrowed.shape(i));
    if (extent != 1 && borrowed.stride(i) != stride && borrowed.size() != 0)
      throw nb::type_error("expected a contiguous array");
    stride *= extent;
  }
  for (std::size_t i = 0; i < borrowed.ndim(); ++i)
    shape.append(static_cast<std::int64_t>(borrowed.shape(i)));
  if (borrowed.size() == 0) return Tensor(shape, dtype);
  void* data = const_cast<void*>(static_cast<const void*>(borrowed.data()));  // read only
  return Tensor::around(owner_of(array), {data, dtype, shape});
}

Tensor to_optional_tensor(nb::handle array) {
  return array.is_none() ? Tensor() : to_tensor(array);
}

TensorList to_tensors(nb::handle arrays) {
  if (arrays.is_none()) return {};
  if (!nb::isinstance<nb::tuple>(arrays)) return to_tensor(arrays);
  std::vector<Tensor> tensors;
  for (const nb::handle array : arrays) tensors.push_back(to_optional_tensor(array));
  return tensors;
}

SequenceList to_sequences(nb::handle arrays) {
  std::vector<Tensor> tensors;
  for (const nb::handle array : arrays) tensors.push_back(to_tensor(array));
  return SequenceList(std::move(tensors));
}

nb::object to_array(const Tensor& tensor) {
  if (!tensor) return nb::none();
  if (tensor.dtype() == DType::text) {
    nb::list texts;
    for (std::int64_t row = 0; row < tensor.shape()[0]; ++row) {
      const std::string_view text = text_at(tensor, row);
      texts.append(nb::str(text.data(), text.size()));
    }
    return texts;
  }
  std::array<std::size_t, Shape::max_rank> extents{};
  const Shape& shape = tensor.shape();
  std::copy(shape.begin(), shape.end(), extents.begin());
  auto* const kept = new Tensor(tensor);
  const nb::capsule owner(kept, [](void* held) noexcept { delete static_cast<Tensor*>(held); });
  if (is_mapped(tensor)) {  // a file that may only be read
    return nb::cast(nb::ndarray<nb::numpy, nb::ro>(
        tensor.view().raw(), static_cast<std::size_t>(shape.rank()), extents.data(), owner, nullptr,
        array_dtype(tensor.dtype())));
  }
  return nb::cast(nb::ndarray<nb::numpy>(tensor.view().raw(),
                                         static_cast<std::size_t>(shape.rank()), extents.data(),
                                         owner, nullptr, array_dtype(tensor.dtype())));
}

nb::list to_arrays(const std::vector<Tensor>& tensors) {
  nb::list arrays;
  for (const Tensor& tensor : tensors) arrays.append(to_array(tensor));
  return arrays;
}

nb::object to_array_copy(const TensorView& view) { return view ? to_array(own(view)) : nb::none(); }

nb::tuple to_tuple(const Shape& shape) {
  nb::list extents;
  for (const std::int64_t extent : shape) {
    if (extent == None) {
      extents.append(nb::none());
    } else {
      extents.append(extent);
    }
  }
  return nb::tuple(extents);
}

Shape to_shape(nb::handle shape) {
  Shape extents;
  for (const nb::handle extent : shape)
    extents.append(extent.is_none() ? None : nb::cast<std::int64_t>(extent));
  return extents;
}

std::vector<Shape> to_shapes(nb::handle shapes) {
  std::vector<Shape> all;
  for (const nb::handle shape : shapes) all.push_back(to_shape(shape));
  return all;
}

Json to_json(nb::handle value) {
  if (value.is_none()) return nullptr;
  if (nb::isinstance<nb::bool_>(value)) return nb::cast<bool>(value);
  if (nb::isinstance<nb::int_>(value)) return nb::cast<std::int64_t>(value);
  if (nb::isinstance<nb::float_>(value)) return nb::cast<double>(value);
  if (nb::isinstance<nb::str>(value)) return nb::cast<std::string>(value);
  if (nb::isinstance<nb::dict>(value)) {
    Json object = Json::object();
    for (const auto [key, item] : nb::cast<nb::dict>(value))
      object[nb::cast<std::string>(nb::str(key))] = to_json(item);
    return object;
  }
  if (nb::isinstance<nb::list>(value) || nb::isinstance<nb::tuple>(value)) {
    Json list = Json::array();
    for (const nb::handle item : value) list.push_back(to_json(item));
    return list;
  }
  if (nb::hasattr(value, "tolist")) return to_json(nb::object(value.attr("tolist")()));
  throw nb::type_error(fmt::format("a configuration cannot hold a value of type {}",
                                   nb::cast<std::string>(value.type().attr("__name__")))
                           .c_str());
}

nb::object to_object(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return nb::none();
    case Json::value_t::boolean:
      return nb::bool_(json.get<bool>());
    case Json::value_t::number_integer:
      return nb::int_(json.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return nb::int_(json.get<std::uint64_t>());
    case Json::value_t::number_float:
      return nb::float_(json.get<double>());
    case Json::value_t::array: {
      nb::list list;
      for (const Json& item : json) list.append(to_object(item));
      return list;
    }
    case Json::value_t::object: {
      nb::dict object;
      for (const auto& [key, item] : json.items())
        object[nb::str(key.data(), key.size())] = to_object(item);
      return object;
    }
    default:
      break;
  }
  const auto& text = json.get_ref<const std::string&>();
  return nb::str(text.data(), text.size());
}

}  // namespace chronicler::python
