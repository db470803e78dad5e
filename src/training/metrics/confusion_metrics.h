// Metrics of yes and no: what was predicted rightly and wrongly.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr precision_from(SettingsReader& settings);
MetricPtr recall_from(SettingsReader& settings);
MetricPtr true_positives_from(SettingsReader& settings);
MetricPtr true_negatives_from(SettingsReader& settings);
MetricPtr false_positives_from(SettingsReader& settings);
MetricPtr false_negatives_from(SettingsReader& settings);

}  // namespace chronicler
