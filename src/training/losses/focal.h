// What the focal losses multiply cross-entropies by (Lin et al.: "Focal loss for dense object
// detection", ICCV 2017).
#pragma once

#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {

// missing^gamma, and its derivative by what is missing of certainty.
struct Focus {
  Focus(double missing, double gamma)
      : value(std::pow(missing, gamma)),
        slope(gamma == 0.0 ? 0.0 : gamma * std::pow(missing, gamma - 1.0)) {}

  double value;
  double slope;
};

inline void check_focus(std::string_view loss, double gamma) {
  if (gamma >= 0.0) return;
  throw Error(fmt::format("gamma of {} must be at least 0, got {}", loss, gamma));
}

}  // namespace chronicler
