// Defaults of layers' options as documents show them (chronicler/base/field_table.h).
#pragma once

#include <string>

#include "chronicler/base/shape.h"
#include "chronicler/layers/options.h"

namespace chronicler {

std::string shown_default(const Activation& value);
std::string shown_default(const Described& value);
std::string shown_default(const Shape& value);

}  // namespace chronicler
