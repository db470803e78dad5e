// LAMB (You et al.: "Large batch optimization for deep learning", ICLR 2020).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr lamb_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
