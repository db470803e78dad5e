// Nadam (Dozat: "Incorporating Nesterov momentum into Adam", 2016).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr nadam_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
