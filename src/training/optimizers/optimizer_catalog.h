// Every optimizer, by name.
#pragma once

#include <span>
#include <string_view>

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

struct OptimizerKind {
  std::string_view class_name;
  std::string_view name;
  OptimizerPtr (*from)(SettingsReader& settings, const SchedulePtr& schedule);
};

std::span<const OptimizerKind> optimizer_catalog();

}  // namespace chronicler
