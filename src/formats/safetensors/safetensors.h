// The safetensors format: eight bytes that say how long the header is, a JSON header that says
// where each tensor lies, and the tensors.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "formats/named_tensor.h"

namespace chronicler {

struct Safetensors {
  std::map<std::string, std::string> metadata;
  NamedTensors tensors;  // in the order in which they lie in the file
};

// Larger elements first, so that every element is aligned; then by name.
void sort_for_file(NamedTensors& tensors);
// The bytes of the file.
std::string write_safetensors(const Safetensors& content);

// Throws Error unless `bytes` are a safetensors file to the letter: sizes that agree, tensors one
// after the other without holes or overlaps, each name once, nothing left over.
Safetensors read_safetensors(std::string_view bytes);

}  // namespace chronicler
