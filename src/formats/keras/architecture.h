// The architecture of a model without its weights: what Keras's model.to_json() gives.
#pragma once

#include <string_view>

#include "formats/model_spec.h"

namespace chronicler {

// Whether the bytes begin as JSON does.
bool is_json(std::string_view bytes);

// The architecture by Keras 1, 2 or 3, also as JSON in a JSON text, and what get_config gives.
// Throws Error for any other JSON.
ModelSpec read_architecture(std::string_view bytes);

}  // namespace chronicler
