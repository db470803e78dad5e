// Values between Python and C++: arrays, shapes, and configurations as JSON.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "chronicler/base/sequence_list.h"
#include "chronicler/base/tensor.h"

namespace chronicler::python {

namespace nb = nanobind;

// A contiguous array of float32, float64, int32 or bool, whose elements are shared and which lives
// as long as the tensor; or a list of str, which becomes a tensor of texts. The package converts
// all else before. Throws nb::type_error.
Tensor to_tensor(nb::handle array);
// None is the empty tensor.
Tensor to_optional_tensor(nb::handle array);
// None, one array or a list of them.
TensorList to_tensors(nb::handle arrays);
SequenceList to_sequences(nb::handle arrays);

// An array of NumPy's that shares the tensor's elements; a list of str for texts; None if empty.
nb::object to_array(const Tensor& tensor);
nb::list to_arrays(const std::vector<Tensor>& tensors);
// The same of what is borrowed, copied.
nb::object to_array_copy(const TensorView& view);

// (None, 4): None, in Python too, where an extent varies.
nb::tuple to_tuple(const Shape& shape);
Shape to_shape(nb::handle shape);
std::vector<Shape> to_shapes(nb::handle shapes);

// dict, list, tuple, str, int, float, bool, None and NumPy's numbers and arrays.
Json to_json(nb::handle value);
nb::object to_object(const Json& json);

}  // namespace chronicler::python
