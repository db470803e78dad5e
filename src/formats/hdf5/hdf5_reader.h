// Tensors and text attributes out of an HDF5 file that anybody may have made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/named_tensor.h"

namespace chronicler {

// What a file holds that weights are made of. hdf5_layout.h says which files are understood.
struct Hdf5Content {
  NamedTensors tensors;  // by path: "layers/lstm/cell/vars/0"
  // Text attributes, one or a list, by path and name: "model_weights@layer_names"; those of the
  // root begin with "@". Attributes of other types are passed over.
  std::map<std::string, std::vector<std::string>> attributes;
};

// Throws Error, naming the object, for damage and for what is not understood. Takes memory for what
// the file holds, not for what it claims.
Hdf5Content read_hdf5(std::string_view bytes);

}  // namespace chronicler
