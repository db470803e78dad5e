// NumPy's .npy files: one array each.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/base/tensor.h"

namespace chronicler {

// float32, float64, int32 and bool as they are; other whole numbers as int32, which must hold them.
// Throws Error for damage, objects, and arrays in Fortran's or a foreign byte order.
Tensor load_npy(const std::string& path);
// The file is whole or absent.
void save_npy(const std::string& path, const Tensor& tensor);

// The same from and to bytes.
Tensor read_npy(std::string_view bytes);
std::string write_npy(const Tensor& tensor);

}  // namespace chronicler
