// Every optimizer, by name.
#pragma once

#include <span>
#include <string_view>

#include "training/optimizers/optimizer_settings.h"

namespace chronicler {

struct OptimizerKind {
  std::string_view class_name;
  std::string_view name;
  OptimizerPtr (*from)(SettingsReader& settings, const SchedulePtr& schedule);
  FieldTable (*fields)();
};

std::span<const OptimizerKind> optimizer_catalog();

}  // namespace chronicler
