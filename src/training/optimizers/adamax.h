// Adamax (Kingma, Ba: "Adam: a method for stochastic optimization", ICLR 2015, section 7.1).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr adamax_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
