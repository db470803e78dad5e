// Weights in several safetensors files beside one another, and the JSON file that says which weight
// lies in which (model.safetensors.index.json).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "formats/named_tensor.h"

namespace chronicler {

// Whether it is such an index: a JSON object that has a "weight_map".
bool is_shards_index(std::string_view bytes);

struct Shards {
  NamedTensors tensors;
  std::size_t bytes = 0;  // of all files
};

// The weights that the index `bytes`, a file at `path`, lists. Throws Error for an index that is no
// index, for files that are missing or elsewhere, and where index and files do not agree.
Shards read_shards(const std::string& path, std::string_view bytes);

}  // namespace chronicler
