#include "tasks/shared/warm_cosine.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chronicler::tasks {

double WarmCosine::at(double share) const {
  const double warm = std::min(1.0, share / warm_share + start);
  const double cosine = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
  return warm * (end + (1.0 - end) * cosine);
}

}  // namespace chronicler::tasks
