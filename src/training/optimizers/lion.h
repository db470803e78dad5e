// Lion (Chen et al.: "Symbolic discovery of optimization algorithms", NeurIPS 2023).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr lion_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
