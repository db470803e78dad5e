// Chronicler's own format: a safetensors file whose metadata hold the layers and their options.
#pragma once

#include <string>
#include <string_view>

#include "formats/model_spec.h"
#include "formats/safetensors/safetensors.h"

namespace chronicler {

// Whether Chronicler wrote it, with a model or without.
bool is_native_file(const Safetensors& content);
// A spec without a model gives a file of weights.
std::string write_native(const ModelSpec& spec);
// Throws Error unless the bytes are such a file, with the checksum that it was written with.
ModelSpec read_native(std::string_view bytes);

}  // namespace chronicler
