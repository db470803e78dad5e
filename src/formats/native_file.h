// Chronicler's own format: a safetensors file whose metadata hold the layers and their options.
#pragma once

#include <string>
#include <string_view>

#include "formats/model_spec.h"

namespace chronicler {

// A spec without a model gives a file of weights.
std::string write_native(const ModelSpec& spec);
// Throws Error unless the bytes are such a file, with the checksum that it was written with.
ModelSpec read_native(std::string_view bytes);

}  // namespace chronicler
