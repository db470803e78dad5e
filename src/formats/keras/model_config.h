// A model as Keras's configuration: an object that holds those of its layers.
#pragma once

#include <memory>

#include "base/json.h"
#include "chronicler/model/model.h"

namespace chronicler {

// {"module": ..., "class_name": "Sequential" or "Functional", "config": {...}, ...}
Json model_to_json(const Model& model);
// The model without its weights, built if the object says for which shape. Throws Error.
std::unique_ptr<Model> model_at(const JsonPlace& object);
// Whether the object's class is one of models.
bool is_model(const JsonPlace& object);

}  // namespace chronicler
