// Weights between Keras's layers and PyTorch's modules: names, order of the gates, transposes.
#pragma once

#include "chronicler/model/model.h"
#include "formats/named_tensor.h"

namespace chronicler {

// What a state_dict() would hold. Throws Error for a layer that PyTorch has no equal of.
NamedTensors to_torch(const Model& model);

// Whether these look like the names of a state_dict().
bool are_torch_names(const NamedTensors& tensors);

// The same weights by Keras's paths in this model.
NamedTensors from_torch(const Model& model, const NamedTensors& tensors);

}  // namespace chronicler
