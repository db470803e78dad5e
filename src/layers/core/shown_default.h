// Defaults and types of layers' options as documents and other languages show them
// (chronicler/base/field_table.h).
#pragma once

#include <string>

#include "chronicler/base/shape.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/options.h"

namespace chronicler {

std::string shown_default(const Activation& value);
std::string shown_default(const Described& value);
std::string shown_default(const Shape& value);

// What these are called in tables.
inline std::string field_type(const Activation&) { return "activation"; }
inline std::string field_type(const Initializer&) { return "initializer"; }
inline std::string field_type(const Regularizer&) { return "regularizer"; }
inline std::string field_type(const Constraint&) { return "constraint"; }
inline std::string field_type(const Shape&) { return "shape"; }
inline std::string field_type(const LayerPtr&) { return "layer"; }
inline std::string field_type(const NumberArray&) { return "array"; }

}  // namespace chronicler
