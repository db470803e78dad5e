// The mean of errors as parts of a hundred of their targets.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr mean_absolute_percentage_error_from(SettingsReader& settings);

}  // namespace chronicler
