// Adagrad (Duchi, Hazan, Singer: "Adaptive subgradient methods", JMLR 2011).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr adagrad_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
