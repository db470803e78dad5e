// Names of layers and options that Keras has given up, and what became of them.
#pragma once

#include <string>

#include "base/json.h"

namespace chronicler {

// Renews one layer's class and options: object has "class_name" and "config", an object. What the
// layer holds inside is left to the caller.
void renew_layer(Json& object, bool before_keras3);

// Tuples, shapes and arrays that were written as objects become lists and numbers, anywhere.
void unwrap_values(Json& json);

}  // namespace chronicler
