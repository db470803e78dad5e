#include "layers/core/number_arrays.h"

#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

void check_finite_numbers(const std::string& layer, std::string_view option,
                          const NumberArray& numbers) {
  for (const double number : numbers.values()) {
    if (!std::isfinite(number))
      throw Error(fmt::format("{}: {} must be finite, got {}", layer, option, number));
  }
}

}  // namespace chronicler
