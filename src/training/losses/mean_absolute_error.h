// The mean of the sizes of errors.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr mean_absolute_error_from(SettingsReader& settings);

}  // namespace chronicler
