// Precision and recall in one number (van Rijsbergen 1979).
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr f_beta_score_from(SettingsReader& settings);
MetricPtr f1_score_from(SettingsReader& settings);

}  // namespace chronicler
