// Every learning-rate schedule, by name.
#pragma once

#include <span>
#include <string_view>

#include "chronicler/training/schedules.h"
#include "training/field_settings.h"

namespace chronicler {

struct ScheduleKind {
  std::string_view class_name;
  SchedulePtr (*from)(SettingsReader& settings);
  FieldTable (*fields)();
};

std::span<const ScheduleKind> schedule_catalog();

}  // namespace chronicler
