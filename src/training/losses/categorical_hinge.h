// The margin between the right class and the best of the others.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr categorical_hinge_from(SettingsReader& settings);

}  // namespace chronicler
