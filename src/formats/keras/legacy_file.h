// Keras's old whole-model format: one HDF5 file whose attributes hold the configuration, written by
// Keras 2 and, on request, by Keras 3. Read only.
#pragma once

#include <string_view>

#include "formats/model_spec.h"

namespace chronicler {

// Configurations of Keras 2 are put into the form of Keras 3. Its optimizers keep other variables:
// of a file of Keras 2 the optimizer starts afresh.
ModelSpec read_legacy(std::string_view bytes);

}  // namespace chronicler
