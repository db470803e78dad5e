// Gradient descent, with momentum (Polyak, 1964) and Nesterov's variant (Sutskever, Martens, Dahl,
// Hinton: "On the importance of initialization and momentum in deep learning", ICML 2013).
#pragma once

#include "chronicler/training/optimizers.h"
#include "training/settings.h"

namespace chronicler {

OptimizerPtr sgd_from(SettingsReader& settings, const SchedulePtr& schedule);

}  // namespace chronicler
