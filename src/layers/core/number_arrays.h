// Checks of options that are arrays of numbers.
#pragma once

#include <string>
#include <string_view>

#include "chronicler/base/number_array.h"

namespace chronicler {

// Throws Error where one of the numbers is NaN or infinite. `layer` is what the layer is called.
void check_finite_numbers(const std::string& layer, std::string_view option,
                          const NumberArray& numbers);

}  // namespace chronicler
