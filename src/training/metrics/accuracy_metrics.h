// How often predictions are right.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr accuracy_from(SettingsReader& settings);
MetricPtr binary_accuracy_from(SettingsReader& settings);
MetricPtr categorical_accuracy_from(SettingsReader& settings);
MetricPtr sparse_categorical_accuracy_from(SettingsReader& settings);
MetricPtr top_k_categorical_accuracy_from(SettingsReader& settings);
MetricPtr sparse_top_k_categorical_accuracy_from(SettingsReader& settings);

}  // namespace chronicler
