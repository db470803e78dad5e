// The mean of squared differences of logarithms.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr mean_squared_logarithmic_error_from(SettingsReader& settings);

}  // namespace chronicler
