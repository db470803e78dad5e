// Sums and means of the predictions themselves, whatever the targets.
#pragma once

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

// The mean of the predictions, whatever the targets.
MetricPtr Mean(const NameOptions& options = {});
// The sum of the predictions, whatever the targets.
MetricPtr Sum(const NameOptions& options = {});

}  // namespace chronicler::metrics
