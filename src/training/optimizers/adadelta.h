// Adadelta (Zeiler: "ADADELTA: an adaptive learning rate method", 2012).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr adadelta_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
