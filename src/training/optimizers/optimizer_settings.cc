#include "training/optimizers/optimizer_settings.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

double checked_decay(std::string_view optimizer, std::string_view option, double value) {
  if (value >= 0.0 && value < 1.0) return value;
  throw Error(
      fmt::format("{} of {} must be at least 0 and less than 1, got {}", option, optimizer, value));
}

double checked_not_negative(std::string_view optimizer, std::string_view option, double value) {
  if (value >= 0.0) return value;
  throw Error(fmt::format("{} of {} must be at least 0, got {}", option, optimizer, value));
}

}  // namespace chronicler
