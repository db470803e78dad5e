// Where an element is, in words.
#pragma once

#include <cstdint>
#include <string>

#include "chronicler/base/shape.h"

namespace chronicler {

// The place of the element with this index in row-major data of this shape: "row 17",
// "row 17, column 2", "row 17, step 3, feature 2"; with more axes "index (17, 3, 2, 0)".
std::string place_in(const Shape& data, std::int64_t index);

// The same for labels, one for each row or each step: "row 7", "row 7, step 3".
std::string place_of_label(const Shape& labels, std::int64_t index);

}  // namespace chronicler
