// A model as a layer of another model.
#pragma once

#include <memory>

#include "chronicler/model/model.h"

namespace chronicler {

// The model must be built.
LayerPtr model_layer(std::shared_ptr<Model> model);

// The model inside, or null for any other layer.
const Model* model_of(const Layer& layer);

// Where files keep the layers of a model: "layers/lstm", "layers/lstm_1" in their order (keras.md
// section 11.4). Empty for operations, which have no place there.
std::vector<std::string> layer_paths(const std::vector<LayerPtr>& layers);

}  // namespace chronicler
