// The mean of ln cosh of the errors: squares when small, sizes when large.
#pragma once

#include "chronicler/training/losses.h"
#include "training/settings.h"

namespace chronicler {

LossPtr log_cosh_from(SettingsReader& settings);

}  // namespace chronicler
