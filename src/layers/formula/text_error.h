// Errors in a formula, with their place in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chronicler::formula {

// A stretch of a formula.
struct Place {
  std::size_t at = 0;
  std::size_t length = 0;
};

// Throws Error: "line 1, column 5 of the formula: MESSAGE", and as its hint HINT, the line and,
// below it, a caret under the place.
[[noreturn]] void refuse(std::string_view formula, Place place, const std::string& message,
                         const std::string& hint = {});

}  // namespace chronicler::formula
