// NumPy's .npy files: one array each.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// Numbers of every kind, in either byte order and either order of the axes: float32, float64, int32
// and bool as they are, float16 as float32, other whole numbers as int32 if all of them fit, else
// as float64. Texts (of Unicode or of bytes) as base/texts.h has them. Of an .npz archive its
// array, if there is one only. Throws Error for damage, whole numbers above 2^53, and for what is
// neither number nor text: objects, complex numbers, records, dates.
Tensor load_npy(const std::string& path);
// The file is whole or absent.
void save_npy(const std::string& path, const Tensor& tensor);

// The same from and to bytes.
Tensor read_npy(std::string_view bytes);
std::string write_npy(const Tensor& tensor);

}  // namespace chronicler
