// Follow the regularized leader (McMahan et al.: "Ad click prediction", KDD 2013).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr ftrl_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
