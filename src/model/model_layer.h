// A model as a layer of another model.
#pragma once

#include <memory>

#include "chronicler/model/model.h"

namespace chronicler {

// The model must be built.
LayerPtr model_layer(std::shared_ptr<Model> model);

// The model inside, or null for any other layer.
const Model* model_of(const Layer& layer);

// Where Keras's files keep the layers of a model, in their order: "layers/" and the class in snake
// case, "layers/lstm", "layers/lstm_1" for the next of that class. Empty for operations, which have
// no place there.
std::vector<std::string> layer_paths(const std::vector<LayerPtr>& layers);

}  // namespace chronicler
