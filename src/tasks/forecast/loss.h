// What a forecaster learns from: the squared error of its mean, the pinball loss of its quantiles.
#pragma once

#include <limits>
#include <vector>

#include "chronicler/training/loss.h"

namespace chronicler::tasks {

// A target that does not count: a number, as data must be.
inline constexpr float missing_target = std::numeric_limits<float>::lowest();

// Targets (B, T, H), some of them missing. Predictions (B, T, (1 + quantiles) H):
// the means, then each quantile's H steps. The value of a place is the mean over its steps of
//   (y - mean)^2 + weight sum_q max(q (y - p_q), (q - 1) (y - p_q)).
LossPtr forecast_loss(std::vector<double> quantiles, double weight);

}  // namespace chronicler::tasks
