// RMSprop (Tieleman, Hinton: "Lecture 6.5", Coursera, 2012), with momentum and the centered variant
// (Graves: "Generating sequences with recurrent neural networks", 2013).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr rmsprop_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
