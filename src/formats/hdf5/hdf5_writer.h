// Tensors into an HDF5 file, in the layout that Keras's own files have.
#pragma once

#include <string>

#include "formats/named_tensor.h"

namespace chronicler {

// Groups follow from the slashes in the names. Throws Error for names that clash.
std::string write_hdf5(const NamedTensors& tensors);

}  // namespace chronicler
