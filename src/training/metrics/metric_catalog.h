// Every metric, by name.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "chronicler/training/metric.h"
#include "training/field_settings.h"

namespace chronicler {

struct MetricKind {
  std::string_view class_name;
  std::vector<std::string_view> names;  // besides the class name; the first is shown to users
  MetricPtr (*from)(SettingsReader& settings);
  FieldTable (*fields)();
  std::vector<std::string_view> others;  // more names, which Keras does not read
};

std::span<const MetricKind> metric_catalog();

}  // namespace chronicler
