// The headers of NumPy's .npy files.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "chronicler/base/shape.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

struct NpyHeader {
  std::string type;  // NumPy's: "<f4"
  bool fortran_order = false;
  Shape shape;
  std::size_t data_begin = 0;  // in the file

  // Whether the first axis runs fastest, where that makes a difference.
  bool is_reversed() const {
    int long_axes = 0;
    for (const std::int64_t extent : shape) long_axes += extent > 1 ? 1 : 0;
    return fortran_order && long_axes > 1;
  }
};

// How many bytes of a file say how long its header is.
inline constexpr std::size_t npy_first_bytes = 12;

// Where the elements begin in a file that begins with these bytes, at least npy_first_bytes; and
// its header, if they reach as far. Throw Error that begins with "it".
std::size_t npy_data_begin(std::string_view bytes);
NpyHeader read_npy_header(std::string_view bytes);

// A file's bytes before its elements, at least `room` of them.
std::string npy_header(DType dtype, const Shape& shape, std::size_t room = 0);

// The elements that a Tensor holds as they are in the file; empty for others.
std::optional<DType> npy_dtype(std::string_view type);
// Throws Error that says what elements of this type are; its kind is that of letter `letter`.
[[noreturn]] void refuse_npy_type(const std::string& name, std::size_t letter);

}  // namespace chronicler
