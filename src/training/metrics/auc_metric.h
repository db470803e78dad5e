// The area under a curve of all thresholds.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr auc_from(SettingsReader& settings);

}  // namespace chronicler
