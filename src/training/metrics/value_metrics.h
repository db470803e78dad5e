// Sums and means of the predictions themselves, whatever the targets.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr mean_metric_from(SettingsReader& settings);
MetricPtr sum_metric_from(SettingsReader& settings);

}  // namespace chronicler
