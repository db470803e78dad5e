// Intersection over union: how well predicted classes cover those of the targets.
#pragma once

#include "chronicler/training/metrics.h"
#include "training/settings.h"

namespace chronicler {

MetricPtr iou_from(SettingsReader& settings);
MetricPtr binary_iou_from(SettingsReader& settings);
MetricPtr mean_iou_from(SettingsReader& settings);
MetricPtr one_hot_iou_from(SettingsReader& settings);
MetricPtr one_hot_mean_iou_from(SettingsReader& settings);

}  // namespace chronicler
