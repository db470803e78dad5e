// Keras's .keras files: a zip archive of config.json, model.weights.h5 and metadata.json.
#pragma once

#include <string>
#include <string_view>

#include "formats/model_spec.h"

namespace chronicler {

// Needs libzip (archives_are_available).
std::string write_keras(const ModelSpec& spec);
ModelSpec read_keras(std::string_view bytes);

// Keras's .weights.h5: the tensors alone.
std::string write_keras_weights(const ModelSpec& spec);
ModelSpec read_keras_weights(std::string_view bytes);
// The same of tensors that were read already.
ModelSpec keras_weights(NamedTensors tensors);

}  // namespace chronicler
