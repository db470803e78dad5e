// What the focal losses multiply cross-entropies by (Lin et al.: "Focal loss for dense object
// detection", ICCV 2017).
#pragma once

#include <cmath>

namespace chronicler {

// missing^gamma, and its derivative by what is missing of certainty.
struct Focus {
  Focus(double missing, double gamma)
      : value(std::pow(missing, gamma)),
        slope(gamma == 0.0 ? 0.0 : gamma * std::pow(missing, gamma - 1.0)) {}

  double value;
  double slope;
};

}  // namespace chronicler
