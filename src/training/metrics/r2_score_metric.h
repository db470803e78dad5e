// The share of the targets' variance that predictions explain.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr r2_score_from(SettingsReader& settings);

}  // namespace chronicler
