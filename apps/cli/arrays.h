// Arrays in .npy files, as commands take and give them.
#pragma once

#include <string>

#include "chronicler/base/tensor.h"

namespace chronicler::cli {

// "-" is standard input, or standard output. Files are mapped, not read, where a model takes their
// numbers as they are.
Tensor read_array(const std::string& path);
// The same, or of a .txt file its lines as texts (base/texts.h); an empty line is an empty text.
Tensor read_input(const std::string& path);
void write_array(const std::string& path, const Tensor& array);

}  // namespace chronicler::cli
