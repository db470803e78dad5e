// The weights of a model as a .safetensors file, by Keras's names or by PyTorch's.
#pragma once

#include <string>

#include "chronicler/model/model.h"

namespace chronicler {

struct SafetensorsOptions {
  // "keras": the paths of Keras's files, "layers/lstm/cell/vars/0".
  // "pytorch": what state_dict() of torch.nn modules named like the layers holds:
  // "lstm.weight_ih_l0", "dense.weight". Gates, transposes and the two biases are PyTorch's.
  std::string names = "keras";
};

// Throws Error, for PyTorch's names, if a layer has no equal there.
void save_safetensors(const Model& model, const std::string& path,
                      const SafetensorsOptions& options = {});

// Sets every weight of a built model from such a file, or from the index of several
// (model.safetensors.index.json), whichever names they have. The weights of
// PyTorch go to the layer of their module's name, a module of several layers (weight_ih_l1) to the
// recurrent layers that follow; a module and a layer that are the only ones of their kind belong
// together whatever they are called. Throws Error, and changes nothing, for weights that are
// missing, left over or of another shape.
void load_safetensors(Model& model, const std::string& path);

}  // namespace chronicler
