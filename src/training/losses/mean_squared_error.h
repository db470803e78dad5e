// The mean of squared errors.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr mean_squared_error_from(SettingsReader& settings);

}  // namespace chronicler
