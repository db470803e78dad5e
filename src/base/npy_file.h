// .npy files that hold numbers as a Tensor does: what their headers say, and their elements.
#pragma once

#include <cstddef>
#include <string>

#include "base/temporary_file.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

struct NpyFile {
  std::string path;
  Shape shape;
  DType dtype = DType::float32;
  std::size_t data_begin = 0;
  std::size_t size = 0;  // of the file
};

// Reads the header, and nothing else. Throws Error naming the path, with what was expected and what
// the file has: for elements of another type or in another order, for a size that does not agree
// with the shape, for damage. With `opened`, the file stays open there.
NpyFile npy_file(const std::string& path, Descriptor* opened = nullptr);

// Reads all elements; `to` has room for them. Throws Error naming the path, also if the file is no
// longer what it was.
void read_elements(const NpyFile& file, const TensorView& to);

}  // namespace chronicler
