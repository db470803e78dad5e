// Sums and means of the predictions themselves, whatever the targets.
#pragma once

#include "chronicler/training/metric.h"

namespace chronicler::metrics {

MetricPtr Mean(const NameOptions& options = {});
MetricPtr Sum(const NameOptions& options = {});

}  // namespace chronicler::metrics
