// What a refused value of a field should have been.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/base/fields.h"

namespace chronicler {

// "at least 1", "above 0 and finite", "a finite number"
std::string wanted_text(const FieldRange& range, std::string_view value);

}  // namespace chronicler
